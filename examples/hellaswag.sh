#!/usr/bin/env bash
# HellaSwag: how often a model finds the right one of four endings the likeliest.
#
# usage: hellaswag.sh [rwkv-score option]... < QUESTIONS
#   a line each, as HellaSwag is published: {"activity_label", "ctx_a", "ctx_b", "endings": [...], "label": index}
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
# Prints {"accuracy": by the whole likelihood, "accuracy_per_byte": by that of a byte}. Texts are cleaned as evaluation harnesses do.
# Try: examples/hellaswag.sh < examples/hellaswag-sample.jsonl
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

# The context ends in a space, which becomes part of the choice's first token.
jq -c '
  def clean: gsub(" \\[title\\]"; ". ") | gsub("\\[.*?\\]"; "") | gsub("  "; " ");
  def capitalized: (.[:1] | ascii_upcase) + (.[1:] | ascii_downcase);
  {context: ("\(.activity_label): \(.ctx_a) \(.ctx_b | capitalized)" | clean | sub("\\s+$"; "") + " "),
   choices: (.endings | map(clean)), answer: (.label | tonumber)}' |
  rwkv-score --jsonl --json "$@" |
  jq -c '{accuracy, accuracy_per_byte}'
