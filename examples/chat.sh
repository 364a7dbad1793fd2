#!/usr/bin/env bash
# A chat. Each line of standard input is a turn of the user; the model's answer goes to standard output. STATE, a file of fixed
# size, keeps the conversation, so that a chat can be continued later, copied, or tried again from any turn.
#
# usage: chat.sh STATE [rwkv-generate option]...          a STATE that does not exist begins a chat
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
#   CHAT_TURN                a turn up to where the model speaks, as printf takes it, %s being the line;
#                            for chat models: CHAT_TURN=$'User: %s\n\nAssistant:'
# A turn ends at an empty line.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

[ $# -ge 1 ] || { echo 'usage: chat.sh STATE [rwkv-generate option]...' >&2 && exit 2; }
state=$1
shift
turn=${CHAT_TURN:-$'ROMEO:\n%s\n\nJULIET:\n'}

while [ ! -t 0 ] || printf '> ' >&2; IFS= read -r line; do
  # shellcheck disable=SC2059  # the turn is a format
  printf -v prompt "$turn" "$line"
  begin=()
  # The empty line that ended the last answer was not printed, and so is not in the state.
  [ ! -e "$state" ] || begin=(--state-in "$state") prompt=$'\n\n'$prompt
  rwkv-generate "${begin[@]}" --state-out "$state" -p "$prompt" --stop $'\n\n' "$@" </dev/null
  echo
done
