#!/usr/bin/env bash
# lm-evaluation-harness against rwkv-serve, on the samples beside the other examples, and the figures of rwkv-score and rwkv-generate for
# the same items. usage: lm_eval.sh          (pip install 'lm_eval[api]'; LM_EVAL=PROGRAM names it)
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}
export HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
work=$(mktemp -d)
export HF_HOME=$work/hf
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT

# The items, in the form that rwkv-score reads: each is a context with choices.
jq -c '(.text | rindex(" ")) as $cut | {context: .text[:$cut], choices: [.text[$cut:]], answer: 0}' \
  "$root/examples/lambada-sample.jsonl" >"$work/last_word.jsonl"
jq -c '{context: "\(.activity_label): \(.ctx_a) \(.ctx_b)", choices: (.endings | map(" " + .)), answer: (.label | tonumber)}' \
  "$root/examples/hellaswag-sample.jsonl" >"$work/endings.jsonl"
jq -c '{text}' "$root/examples/lambada-sample.jsonl" >"$work/texts.jsonl"
jq -r .context "$work/last_word.jsonl" |
  while IFS= read -r line; do
    rwkv-generate -n 12 --greedy -p "$line" --stop , </dev/null | jq -Rsc --arg context "$line" '{context: $context, want: .}'
  done >"$work/greedy.jsonl"

task() { # NAME TYPE LINE...
  printf '%s\n' "task: own_$1" "output_type: $2" 'dataset_path: json' "dataset_kwargs: {data_files: {test: $work/$1.jsonl}}" \
    'test_split: test' 'target_delimiter: ""' "${@:3}" >"$work/$1.yaml"
}
task last_word loglikelihood 'doc_to_text: "{{context}}"' 'doc_to_target: "{{choices[0]}}"' 'metric_list: [{metric: perplexity}, {metric: acc}]'
task endings multiple_choice 'doc_to_text: "{{context}}"' 'doc_to_choice: "{{choices}}"' 'doc_to_target: "{{answer}}"' 'metric_list: [{metric: acc}]'
task texts loglikelihood_rolling 'doc_to_text: ""' 'doc_to_target: "{{text}}"' 'metric_list: [{metric: bits_per_byte}]'
task greedy generate_until 'doc_to_text: "{{context}}"' 'doc_to_target: "{{want}}"' 'generation_kwargs: {until: [","], max_gen_toks: 12, do_sample: false}' \
  'metric_list: [{metric: exact_match}]'

: >"$work/serve.log"
rwkv-serve --listen 127.0.0.1:0 2>>"$work/serve.log" &
server=$!
until url=$(sed -n 's/^rwkv-serve: listening on //p' "$work/serve.log") && [ -n "$url" ]; do
  kill -0 $server || { cat "$work/serve.log" >&2 && exit 1; }
  sleep 0.1
done
"${LM_EVAL:-lm_eval}" --model local-completions --include_path "$work" --tasks own_last_word,own_endings,own_texts,own_greedy \
  --model_args "model=rwkv,base_url=$url/v1/completions,tokenizer_backend=remote,num_concurrent=4,max_length=100000" \
  --batch_size 4 --output_path "$work/out" >"$work/lm_eval.log" 2>&1 || { tail -n 20 "$work/lm_eval.log" >&2 && exit 1; }

figures() { jq -r --arg task "own_$1" --arg metric "$2,none" '.results[$task][$metric]' "$work"/out/*/results_*.json; }
score() { rwkv-score --jsonl --json -q <"$work/$1.jsonl" | jq -r "$2"; }
# The first token is scored as one behind id 0, which is how the harness asks.
bits() {
  jq -r .text "$work/texts.jsonl" | while IFS= read -r text; do
    printf %s "$text" | rwkv-tokenize | rwkv-score --bos 0 --json -q | jq -r '.nats_per_token * .tokens'
  done | jq -s --arg bytes "$(jq -rj .text "$work/texts.jsonl" | wc -c)" 'add / ($bytes | tonumber) / (2 | log)'
}
row() { awk -v name="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%-28s %-12.9g %-12.9g %s\n", name, a, b, (a - b) ^ 2 < 1e-16 * b ^ 2 || a == b ? "same" : "DIFFERENT" }'; }
printf '%-28s %-12s %s\n' figure lm_eval 'this toolkit'
row 'last word, perplexity' "$(figures last_word perplexity)" "$(score last_word .answer_perplexity)"
row 'last word, greedy' "$(figures last_word acc)" "$(score last_word .greedy)"
row 'endings, accuracy' "$(figures endings acc)" "$(score endings .accuracy)"
row 'texts, bits a byte' "$(figures texts bits_per_byte)" "$(bits)"
row 'greedy texts alike' "$(figures greedy exact_match)" 1
