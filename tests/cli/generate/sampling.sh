# What each sampling option does to the ids.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
# Options that are given replace these.
generate() {
  local -a base=(--ignore-eos)
  [[ " $* " == *' -n '* ]] || base+=(-n 40)
  [[ " $* " == *' --seed '* ]] || base+=(--seed 1)
  echo '835 26 199' | rwkv-generate "${base[@]}" "$@"
}
same() { cmp <(generate $1) <(generate $2) && echo "'$1' is '$2'"; }
differs() { ! cmp -s <(generate $1) <(generate $2) && echo "'$1' is not '$2'"; }
same '' '--temp 1 --top-p 0.5 --top-k 0 --min-p 0 --presence 0 --frequency 0'
for option in '--temp 2' '--top-p 0.9' '--top-k 2' '--min-p 0.4' '--presence 1' '--frequency 1' '--bias 199:2' '--seed 2'; do
  differs '' "$option"
done
same '--top-k 1' --greedy
same '--min-p 1' --greedy
same '--seed 2 --top-p 0.001' --greedy

same '--preset chat' '--temp 1 --top-p 0.3 --presence 0.5 --frequency 0.5'
same '--preset creative' '--temp 1.2 --top-p 0.7 --presence 0.25 --frequency 0.25'
same '--preset exact' '--top-p 0.1'
same '--preset greedy' --greedy
same '--preset chat --top-p 0.9' '--top-p 0.9 --presence 0.5 --frequency 0.5'
same '--frequency 0 --preset chat' '--presence 0.5 --top-p 0.3'

echo 'A penalty that forbids: no id comes twice; with a decay of 0 none twice in a row.'
for penalty in '--presence 1000' '--frequency 1e9'; do
  generate --greedy $penalty | tr ' ' '\n' | sort | uniq -d
done
differs '--greedy --frequency 1000 --penalty-decay 0' '--greedy --frequency 1000'
generate --greedy --frequency 1000 --penalty-decay 0 | tr ' ' '\n' | uniq -d

echo 'With a vocabulary digits are exempt, unless told.'
# 24 is a digit, 41 a letter.
rwkv-tokenize -v "$DEMO/tokenizer.json" --pieces < <(printf 7J) | cut -f 2 | xargs
digits='--greedy --frequency 30 --bias 24:40 -n 5'
generate $digits
generate $digits -v "$DEMO/tokenizer.json"
RWKV_VOCAB=$DEMO/tokenizer.json generate $digits
generate $digits -v "$DEMO/tokenizer.json" --penalize-all

echo 'Bias and bans, the end of text.'
generate -n 5 --bias 41:1000
generate -n 5 --bias 41:1000 --bias 41:-inf --greedy
generate -n 5 --greedy
echo '835 26 199' | rwkv-generate -n 5 --bias 0:1000
generate -n 5 --bias 0:1000
differs "-m $DEMO/rwkv7-shakespeare.pth" "-m $DEMO/rwkv7-shakespeare.pth --group-norm-eps 1"
