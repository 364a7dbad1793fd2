# A full disk is told; a state is written whole or not at all; a reader that leaves ends the tool quietly.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
echo 5 | expect 1 rwkv-generate -n 5 --greedy > /dev/full
echo 5 | expect 1 rwkv-generate -n 5 --greedy --state-out /dev/full
echo
echo 5 | expect 1 rwkv-generate -n 5 --greedy --state-out nosuch/a.state
echo
ls
echo 5 | rwkv-generate -n -1 --ignore-eos --seed 1 | head -c 20 | wc -c
echo "${PIPESTATUS[*]}"
