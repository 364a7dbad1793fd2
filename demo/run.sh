#!/usr/bin/env bash
# Shows the tools at work on the shipped models, each command line as it is run. Writes into build/demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/build/bin:$PATH"
mkdir -p build/demo

show() {
  printf '\n$ %s\n' "$1"
  bash -euo pipefail -c "$1"
}

# demo VERSION VOCABULARY
demo() {
  local model=build/demo/rwkv$1-shakespeare
  local vocabulary=demo/$2
  printf '\n== RWKV-%s ==\n' "$1"
  show "rwkv-convert demo/rwkv$1-shakespeare.pth $model.safetensors"
  show "rwkv-inspect $model.safetensors"
  show "printf 'ROMEO:\\n' | rwkv-tokenize -v $vocabulary | tee $model-prompt.ids"
  show "rwkv-generate -m $model.safetensors -n 160 --temp 0.9 --top-p 0.8 --seed 1 < $model-prompt.ids > $model-answer.ids"
  show "cat $model-prompt.ids $model-answer.ids | rwkv-tokenize -v $vocabulary --decode"
  echo
}

echo 'The tools are in build/bin:'
printf '$ export PATH="$PWD/build/bin:$PATH"\n'
demo 4 tokenizer.json
demo 7 vocab.txt
show "echo 'Who art thou?' | rwkv-chat -m build/demo/rwkv7-shakespeare.safetensors -v demo/vocab.txt -n 60 --seed 1"
cat <<'END'

Next, a model of your own: README.md, "Get a model, chat with it", says where to find one and which size fits. Then

  rwkv-convert MODEL.pth model.safetensors --dtype q8
  rwkv-chat -m model.safetensors -v rwkv_vocab_v20230424.txt       # a chat in the terminal
  rwkv-serve -m model.safetensors -v rwkv_vocab_v20230424.txt      # a page to chat on, at http://127.0.0.1:8080/
END
