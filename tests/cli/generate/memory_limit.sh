# Sequences beyond the limit of memory wait for their turn. An address sanitizer takes more than the limit at its start.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
ulimit -v 1000000
rwkv-generate --version >/dev/null 2>&1 || exit 77
echo 5 | rwkv-generate -t 1 --fork 30000 -b 30000 -n 1 --greedy | uniq -c | xargs
