# A run that is stopped and resumed gives the same ids as one that never stopped.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
options='--temp 0.9 --top-p 0.8 --presence 0.2 --frequency 0.1 --seed 11 --ignore-eos'
echo '835 26 199 41 452' | rwkv-generate -n 30 $options > whole
echo '835 26' | rwkv-generate -n 0 --state-out prompt.state
echo '199 41 452' | rwkv-generate -n 30 $options --state-in prompt.state | cmp - whole
echo '835 26 199 41 452' | rwkv-generate -n 10 $options --state-out middle.state > parts
rwkv-generate -n 20 $options --state-in middle.state < /dev/null >> parts
cmp <(xargs < parts) <(xargs < whole)

# A state of another model is refused.
make_pth tiny.pth
expect 1 rwkv-generate -m tiny.pth --state-in prompt.state -n 1 < /dev/null
ls

# SIGTERM ends a run by the signal, between two ids and with its state written.
echo 5 > prompt
rwkv-generate -n -1 --ignore-eos --seed 1 --state-out stopped.state < prompt > ids &
until [ -s ids ]; do sleep 0.05; done
terminate $!
rwkv-generate -n 1 --state-in stopped.state --seed 1 < /dev/null | wc -w
