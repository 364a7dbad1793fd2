#!/usr/bin/env bash
# Continues a text several times and prints the one with the likeliest tokens. The text is read once.
#
# usage: best_of_n.sh [N [rwkv-generate option]...] < TEXT        N is 8 unless given
#   RWKV_MODEL, RWKV_VOCAB   the model that writes; a demo model unless given
#   JUDGE_MODEL              the model that chooses (of the same vocabulary), RWKV_MODEL unless given
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

n=${1:-8}
[ $# -eq 0 ] || shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rwkv-tokenize --ids json >"$scratch/context"
rwkv-generate --ids json -n 50 --fork "$n" "$@" <"$scratch/context" >"$scratch/choices"
jq -nc --slurpfile context "$scratch/context" --slurpfile choices "$scratch/choices" \
  '{context: $context[0], choices: ($choices | map(select(. != [])))}' |
  tee "$scratch/question" |
  rwkv-score -m "${JUDGE_MODEL:-$RWKV_MODEL}" --jsonl -q >"$scratch/answer"
jq -c --slurpfile answer "$scratch/answer" '.choices[$answer[0].best_per_token]' "$scratch/question" |
  rwkv-tokenize --decode --ids json
echo
