# What is no number, and what nothing was read for, is an error or null: never a figure.
make_pth good.pth
make_pth weight.pth --fill head.weight=nan
make_pth overflow.pth --fill ln_out.weight=3e38
for model in weight overflow; do
  echo "A model with weights that are no numbers, or whose sums are none: $model"
  echo '1 2 3' | expect 1 rwkv-generate -m $model.pth -n 3
  echo '1 2 3' | expect 1 rwkv-score -m $model.pth
  echo '1 2 3' | expect 1 rwkv-score -m $model.pth --json --logits out.npy
  printf '%s\n' '{"context": [1], "choices": [[2, 3], [4]], "answer": 0}' '{"ids": [1, 2]}' '{"ids": [1]}' > requests
  expect 1 rwkv-score -m $model.pth --jsonl -q < requests
  expect 1 rwkv-score -m $model.pth --jsonl --json < requests
done
make_pth att.pth --fill blocks.0.att.value.weight=3e38
echo '1 2 3' | expect 1 rwkv-generate -m att.pth -n 0 --state-out broken.state
ls

echo 'Nothing scored.'
: | expect 1 rwkv-score -m good.pth
echo 5 | expect 1 rwkv-score -m good.pth --json
echo 5 6 7 | expect 1 rwkv-score -m good.pth --reset 1
: | expect 1 rwkv-score -m good.pth --jsonl -q
echo '{"ids": []}' | expect 1 rwkv-score -m good.pth --jsonl
printf '%s\n' '{"ids": []}' '{"ids": [1, 2]}' | rwkv-score -m good.pth --jsonl -q

echo 'Logits to compare with that are no numbers.'
echo '1 2 3' | rwkv-score -m good.pth --logits old.npy > /dev/null
python3 - <<'END'
with open("old.npy", "r+b") as file:
    file.seek(-4, 2)
    file.write(b"\xff\xff\xff\xff")
END
echo '1 2 3' | expect 1 rwkv-score -m good.pth --against old.npy

echo 'Trouble of modes that compare is 2.'
expect 2 rwkv-convert -q good.pth copy.safetensors --check > /dev/full
expect 2 rwkv-inspect --json --diff good.pth copy.safetensors > /dev/full
