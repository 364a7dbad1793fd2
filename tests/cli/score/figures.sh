# Likelihoods in every form, and comparison with logits written before.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
echo '835 26 199 41 452 322' > ids
rwkv-score < ids
rwkv-score --json < ids | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/g'
rwkv-score --bos 0 --per-token < ids 2>/dev/null | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/'
rwkv-score --reset 3 < ids
rwkv-score --logits new.npy < ids > /dev/null
head -c 10 new.npy | od -An -c
wc -c < new.npy
rwkv-score --against new.npy < ids
rwkv-convert -q "$RWKV_MODEL" f16.safetensors --dtype f16
rwkv-score -m f16.safetensors --against new.npy < ids > /dev/null
ls

# Every form of the ids, and another epsilon of the group norm.
rwkv-score < ids > of_text
for format in json lines u16 u32; do
  rwkv-tokenize -d < ids | rwkv-tokenize --ids $format | rwkv-score --ids $format | cmp - of_text
done
for epsilon in 64e-5 1e-5 1; do
  rwkv-score -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --group-norm-eps $epsilon < ids | sed -n 2p
done
rwkv-score -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" < ids | sed -n 2p
