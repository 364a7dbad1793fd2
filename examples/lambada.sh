#!/usr/bin/env bash
# LAMBADA: how often, and how surely, a model guesses the last word of a passage.
#
# usage: lambada.sh [rwkv-score option]... < PASSAGES       a line each: {"text": "..."}, as LAMBADA is published
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
# Prints {"accuracy": share of last words of which each token is the likeliest, "perplexity": of last words}.
# Try: examples/lambada.sh < examples/lambada-sample.jsonl
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

jq -c '(.text | rindex(" ")) as $cut | {context: .text[:$cut], choices: [.text[$cut:]], answer: 0}' |
  rwkv-score --jsonl --json "$@" |
  jq -c '{accuracy: .greedy, perplexity: .answer_perplexity}'
