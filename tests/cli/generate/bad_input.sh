# Input that is no id stream, and ids that the model lacks.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
echo '5 1024' | expect 1 rwkv-generate -n 1
echo '5 99999999999' | expect 1 rwkv-generate -n 1
echo '5 six' | expect 1 rwkv-generate -n 1
echo '[5, 6' | expect 1 rwkv-generate -n 1 --ids json
expect 1 rwkv-generate -v "$DEMO/tokenizer.json" -f nosuch.txt -n 1
expect 1 rwkv-generate -v "$DEMO/tokenizer.json" -f . -n 1
expect 1 rwkv-generate -n 1 < .
expect 1 rwkv-generate -v nosuch.json -p hello -n 1
expect 1 rwkv-generate --state-in nosuch.state -n 1 < /dev/null
expect 1 rwkv-generate --state-in "$RWKV_MODEL" -n 1 < /dev/null
