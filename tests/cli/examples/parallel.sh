# GNU parallel's jobs give what one process would.
needs jq parallel
parallel --version 2> /dev/null | grep -q GNU || skip 'parallel is not GNU parallel'
jq -Rc '{id: input_line_number, text: .}' "$DEMO/README.md" > corpus
rwkv-score -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --jsonl -q < corpus > alone
"$DEMO/../examples/parallel.sh" --jobs 2 --block 1k < corpus | cmp - alone

# On several machines, which are all this one; a line in error fails its block alone.
sed '2s/text/test/' corpus > spoilt
mkdir 'a folder'
cp "$DEMO/vocab.txt" 'a folder/vocab $1.txt'
RWKV_VOCAB="$PWD/a folder/vocab \$1.txt" expect 1 "$DEMO/../examples/parallel.sh" --sshlogin '1/:' --block 1k < spoilt > answers
diff alone answers | grep '^>'
