# Requests and answers: in order, independent of the batch; a bad line spoils only itself.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
cat > requests <<'END'
{"id": "a", "ids": [835, 26, 199], "n": 8, "temp": 0}
{"id": 2, "ids": [41], "n": 3, "temp": 0.9, "top_p": 0.8, "seed": 7}
{"id": 3, "ids": [835, 26, 199], "n": 50, "temp": 0, "stop_ids": [12]}
END
rwkv-generate --jsonl -b 1 < requests | tee one
for batch in 2 16; do
  rwkv-generate --jsonl -b $batch < requests | cmp - one
done
printf '%s\n' '{"ids": [5], "n": 2, "temp": 0}' 'nonsense' '{"ids": [1024]}' '{"ids": [5], "m": 2}' '{"ids": [5], "n": 2, "temp": 0}' |
  expect 1 rwkv-generate --jsonl -b 4
