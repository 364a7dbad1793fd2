# Bad models, bad ids, bad files to compare with, no place to write to.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
make_pth no-key.pth --drop blocks.1.att.key.weight
echo '5 6' | expect 1 rwkv-score -m nosuch.pth
echo '5 6' | expect 1 rwkv-score -m no-key.pth
echo '5 1024' | expect 1 rwkv-score
echo '5 six' | expect 1 rwkv-score
echo '5 6' | expect 1 rwkv-score --logits nosuch/out.npy
echo '5 6' | expect 1 rwkv-score --logits /dev/full
echo '5 6' | expect 1 rwkv-score > /dev/full
echo '5 6' | expect 1 rwkv-score --against nosuch.npy
echo '5 6' | expect 1 rwkv-score --against no-key.pth
echo '5 six' | expect 1 rwkv-score --logits out.npy
ls
