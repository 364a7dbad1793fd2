#!/usr/bin/env bash
# Plots how surprising a book is: bits a token, averaged over the last WINDOW tokens.
#
# usage: surprisal.sh [BOOK [svg|png [WINDOW]]] > PICTURE       svg and 200 tokens unless given
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
# Needs gnuplot.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

book=${1:-$root/demo/README.md}
terminal=${2:-svg}
window=${3:-200}
case $terminal in svg) terminal+=' background "white"' ;; png) ;; *) echo "surprisal.sh: $terminal: want svg or png" >&2 && exit 2 ;; esac

rwkv-score --per-token --bos 0 -f "$book" |
  awk -F '\t' -v n="$window" '{
    bits = -$3 / log(2)
    sum += bits - last[NR % n]
    last[NR % n] = bits
    if (NR >= n && NR % int(n / 10 + 1) == 0) print $1, sum / n
  }' |
  gnuplot -e "
    set terminal $terminal size 1200, 400;
    set xlabel 'token';
    set ylabel 'bits a token, mean of $window';
    plot '/dev/stdin' with lines linewidth 2 notitle"
