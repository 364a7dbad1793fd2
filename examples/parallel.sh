#!/usr/bin/env bash
# Scores a corpus on all cores of one or more machines: GNU parallel distributes the lines, rwkv-score answers them.
#
# usage: parallel.sh [parallel option]... < CORPUS > SCORES    a line each: {"id": ..., "text": "..."}; answers in the same order
#   RWKV_MODEL, RWKV_VOCAB   paths that hold on every machine; a demo model unless given
#   here, four at a time:    parallel.sh --jobs 4 < corpus.jsonl > scores.jsonl
#   on two machines, too:    parallel.sh --sshlogin :,anna@north --sshlogin south < corpus.jsonl > scores.jsonl
#   lines are distributed in blocks of 1 MB; another size: parallel.sh --block 10M ...
# The machines need ssh without a password and rwkv-score in PATH; all processes of one share the model's memory. Exit status: how
# many blocks had a line in error, at most 101. Needs parallel.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
model=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth}
vocabulary=${RWKV_VOCAB:-$root/demo/vocab.txt}

parallel --pipe --keep-order --quote "$@" rwkv-score -m "$model" -v "$vocabulary" --jsonl -q -t 1
