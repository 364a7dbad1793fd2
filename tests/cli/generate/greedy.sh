# Greedy ids, however they are asked for, and however many threads work on them.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
for greedy in --greedy '--temp 0' '--top-p 0' '--greedy -t 1' '--greedy -t 3' '--greedy --load copy'; do
  echo '835 26 199' | rwkv-generate -n 12 $greedy
done
echo '835 26 199' | rwkv-generate -n 12 --greedy --echo
echo '[835,26,199]' | rwkv-generate -n 12 --greedy --ids json
echo '835 26 199' | rwkv-generate -n 12 --greedy --stop-id 12
echo '835 26 199' | rwkv-generate -n 0
rwkv-generate -n 3 --greedy < /dev/null
