# A full disk is told; a reader that leaves ends the tool quietly.
export RWKV_VOCAB=$DEMO/vocab.txt
expect 1 rwkv-tokenize "$DEMO/README.md" > /dev/full
echo 12 | expect 1 rwkv-tokenize -d > /dev/full
yes | rwkv-tokenize | head -c 20
echo "${PIPESTATUS[*]}"
