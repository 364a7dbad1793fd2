# --cache changes no id, reads less, and survives what happens to its folder.
generate() { rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -t 1 --seed 3 "$@"; }
for i in $(seq 1500); do printf 'word %d ' "$i"; done >long
files() { find kept -name '*.state' | wc -l; }

echo '== a prompt'
generate -f long -n 10 </dev/null >plain
for run in 1 2; do generate -f long -n 10 --cache kept </dev/null | cmp - plain && echo "same, $(files) files"; done
(cat long; echo 'and so on') >longer
generate -f longer -n 10 </dev/null >plain
generate -f longer -n 10 --cache kept --state-out out.state </dev/null | cmp - plain && echo "same, $(files) files"
generate -f longer --echo -n 10 --cache kept </dev/null | cmp - <(cat longer plain) && echo 'same with --echo'

echo '== requests that begin alike'
for i in 1 2 3 4 5; do jq -Rsc "{id: $i, prompt: (. + \"$i\"), n: 8, seed: $i}" long; done >requests
generate --jsonl <requests >plain
generate --jsonl --cache kept <requests | cmp - plain && echo same
generate --jsonl --cache kept -b 2 <requests | cmp - plain && echo same
generate --jsonl --stats <requests 2>&1 >/dev/null | awk '/^prompt/ { print ($2 < 9000 ? "read once" : $0) }'

echo '== broken files'
for file in $(find kept -name '*.state'); do head -c 5000 "$file" >cut && cp cut "$file"; done
generate --jsonl --cache kept <requests 2>words | cmp - plain && echo same
head -n 1 words | sed 's/: [^:]*: left out$/: .. left out/; s/[0-9a-f]\{16\}/HASH/g'
expect 1 generate -p x -n 1 --cache long </dev/null
