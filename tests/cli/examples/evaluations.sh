# LAMBADA and HellaSwag, on lines of our own in their form.
needs jq
examples=$DEMO/../examples
round() { sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/g'; }
"$examples/lambada.sh" < "$examples/lambada-sample.jsonl" 2> /dev/null | round
"$examples/hellaswag.sh" < "$examples/hellaswag-sample.jsonl" | round

# The last word is what the model itself says next.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
printf 'KING RICHARD III:\nI am' > begun
rwkv-generate -f begun -n 20 --greedy --echo | jq -Rsc '{text: .[:rindex(" ")]}' > own
"$examples/lambada.sh" < own | jq .accuracy

# A right ending and its place.
jq -c '.endings |= [.[3], .[0], .[1], .[2]] | .label = ((.label | tonumber) + 1) % 4' "$examples/hellaswag-sample.jsonl" |
  "$examples/hellaswag.sh" | round
echo '{"text": "no_space"}' | expect 1 "$examples/lambada.sh" > /dev/null 2>&1
