# --fork: K continuations, each that of its own seed.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
options='-n 10 --temp 0.9 --ignore-eos'
echo '835 26 199' | rwkv-generate $options --fork 3 --seed 4 > forks
for seed in 4 5 6; do
  echo '835 26 199' | rwkv-generate $options --seed $seed
done | cmp - forks
wc -l < forks
