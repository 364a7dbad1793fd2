# What is printed in each form, but for the figures, and how wrong usage is told.
needs jq
rwkv-bench --help | sed -n 1p
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 8 -n 2 -b 1,2 -t 1 -r 1 --format csv | cut -d, -f1-4
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 0 -n 2 -t 1 -r 1 --format json --load copy > report.json
python3 -c 'import json; r = json.load(open("report.json")); print(*r); print(*r["limits"][0]); print(*r["runs"][0])'
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 8 -n 0 -t 1 -r 1 | tail -n 3 | cut -d"|" -f1-5
model=$DEMO/rwkv7-shakespeare.pth
rwkv-bench -m "$model" -p 0 -n 6 -t 2 -r 1 --draft self --accept 0,100 --draft-tokens 2 --format csv | cut -d, -f1-4
rwkv-bench -m "$model" -p 0 -n 4 -t 1 -r 1 -b 2 --sample '{"top_p": 0.9}' --sample '{"temp": 0}' --format json |
  jq -c '.runs[] | select(.sampling) | [.test, .batch, .sampling, .drawing_share > 0 and .drawing_share < 1]'

fails() { "$@" && exit 9 || echo "exit $?"; }
fails rwkv-bench
fails rwkv-bench -m no-such-file -n 1
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -b 1,,2
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -t 0
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" --format xml
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" --sample '{"top_q": 1}'
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" --sample top_p
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" --draft lookup --accept 101
