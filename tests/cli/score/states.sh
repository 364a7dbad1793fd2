# A state puts what it has read in front, whether it ends with an id or with its logits.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth
echo '84 12 700 5 6 7 8 9' > ids
rwkv-score --per-token -q < ids | tail -n 5 | cut -f 2- > whole
rwkv-generate -n 0 --state-out id.state <<< '84 12 700'
rwkv-score --per-token -q --state-in id.state <<< '5 6 7 8 9' | cut -f 2- | cmp - whole

# rwkv-generate leaves the logits where it stops before an id that it has drawn.
drawn=$(rwkv-generate --state-in id.state -n 3 --greedy < /dev/null)
rwkv-generate --state-in id.state -n 9 --greedy --stop-id "${drawn##* }" --state-out logits.state < /dev/null > before
rwkv-score --per-token -q <<< "84 12 700 $(cat before) 5 6" | tail -n 2 | cut -f 2- > whole
rwkv-score --per-token -q --state-in logits.state <<< '5 6' | cut -f 2- | cmp - whole
rwkv-score --per-token -q --state-in logits.state --reset 1 <<< '5 6' | cut -f 1,2
echo '{"ids": [5, 6], "per_token": true}' | rwkv-score --jsonl -q --state-in logits.state |
  jq -r '.per_token[] | [.position, .id] | @tsv'

echo 5 | expect 2 rwkv-score --state-in id.state --bos 0
