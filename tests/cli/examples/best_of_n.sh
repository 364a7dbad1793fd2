# The continuation that is printed is the likeliest by the token of those that were drawn.
needs jq
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
best=$DEMO/../examples/best_of_n.sh
echo 'KING HENRY:' > prompt
n_prompt=$(rwkv-tokenize < prompt | wc -w)
for k in 0 1 2 3; do
  rwkv-generate -n 50 --seed $((7 + k)) < <(rwkv-tokenize < prompt) > drawn.$k
  cat <(rwkv-tokenize < prompt) drawn.$k | rwkv-score --per-token -q |
    awk -v n="$n_prompt" -v k=$k '$1 >= n { sum += $3; ++count } END { printf "%.9f %d\n", sum / count, k }'
done | sort -g | tail -n 1 | cut -d ' ' -f 2 > winner
"$best" 4 --seed 7 < prompt | cmp - <(rwkv-tokenize -d < "drawn.$(cat winner)"; echo)
"$best" 1 --seed 8 < prompt | cmp - <(rwkv-tokenize -d < drawn.1; echo)
sort -u drawn.? | wc -l

# Another model may be the judge.
JUDGE_MODEL=nosuch.pth expect 1 "$best" 4 --seed 7 < prompt
