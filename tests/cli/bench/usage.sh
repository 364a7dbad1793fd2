# What is printed in each form, but for the figures, and how wrong usage is told.
rwkv-bench --help | sed -n 1p
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 8 -n 2 -b 1,2 -t 1 -r 1 --format csv | cut -d, -f1-4
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 0 -n 2 -t 1 -r 1 --format json --load copy > report.json
python3 -c 'import json; r = json.load(open("report.json")); print(*r); print(*r["limits"][0]); print(*r["runs"][0])'
rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -p 8 -n 0 -t 1 -r 1 | tail -n 3 | cut -d"|" -f1-5

fails() { "$@" && exit 9 || echo "exit $?"; }
fails rwkv-bench
fails rwkv-bench -m no-such-file -n 1
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -b 1,,2
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" -t 0
fails rwkv-bench -m "$DEMO/rwkv4-shakespeare.pth" --format xml
