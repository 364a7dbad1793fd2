# --calibrate: nearer to the source at the same size; the same bytes for any threads, for text and for its ids; what is refused.
rwkv-generate -q -m "$DEMO/rwkv7-shakespeare.pth" -n 3000 --seed 2 --temp 1 --top-p 1 --ignore-eos < /dev/null > calibration.ids
rwkv-tokenize -d -v "$DEMO/vocab.txt" calibration.ids > calibration.txt
rwkv-tokenize -v "$DEMO/vocab.txt" calibration.txt > calibration.ids
rwkv-generate -q -m "$DEMO/rwkv7-shakespeare.pth" -n 1000 --seed 3 --temp 1 --top-p 1 --ignore-eos < /dev/null > other.ids
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" plain.safetensors --dtype q4
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" q4.safetensors --dtype q4 --calibrate calibration.ids -t 2
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" text.safetensors --dtype q4 --calibrate calibration.txt -v "$DEMO/vocab.txt" -t 1
rwkv-convert -q text.safetensors again.safetensors --check | awk '$2 > 0'
rwkv-score -q -m "$DEMO/rwkv7-shakespeare.pth" --logits logits.npy < other.ids > /dev/null
kl() { rwkv-score -q -m "$1" --against logits.npy --json < other.ids | jq .against.mean_kl; }
echo "$(kl plain.safetensors) $(kl q4.safetensors) $(kl text.safetensors)" | awk '{ print ($2 < 0.75 * $1), ($2 == $3) }'
stat -c %s plain.safetensors q4.safetensors | awk '{ size[NR] = $1 } END { print (size[2] - size[1] < 128) }'
expect 2 rwkv-score -q -m q4.safetensors --against logits.npy < calibration.ids
rwkv-inspect --json q4.safetensors | jq -c '.metadata["rwkv.calibration"]'

rwkv-convert "$DEMO/rwkv7-shakespeare.pth" --dry-run --dtype q4 --calibrate calibration.ids | tail -n 2
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" out.safetensors --dtype q4 --keep head=q6 --calibrate calibration.ids --report report.json --check |
  awk '$1 == "head.weight" { print $1, ($3 < 0.01) }'
jq -c '.calibration, [.tensors[] | select(.name | test("^emb|^head|0.att.(v1|w1|x_r)")) | [.name, .dtype, .calibrated]]' report.json

mkdir empty
cd empty
expect 1 rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out --dtype q4 --calibrate "$DEMO/vocab.txt"
expect 1 rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out --dtype q4 --calibrate /dev/null
echo 5000 | expect 1 rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out --dtype q4 --calibrate -
expect 2 rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out --calibrate ../calibration.ids
expect 2 rwkv-convert - out --dtype q4 --calibrate -
expect 2 rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out.gguf --dtype q8 --calibrate ../calibration.ids
for signal in INT KILL; do
  (exec rwkv-convert "$DEMO/rwkv7-shakespeare.pth" out --dtype q4 --calibrate ../calibration.ids) &
  sleep 0.1
  kill -$signal $!
  { wait $! || echo $?; } 2> /dev/null
done
ls -A
