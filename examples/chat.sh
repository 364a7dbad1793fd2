#!/usr/bin/env bash
# A chat, to see how one is made; rwkv-chat is the tool for chats. Each line of standard input is a turn of the user; the model's
# answer goes to standard output. STATE, a file of fixed size, keeps the conversation, so that a chat can be continued later, copied,
# or tried again from any turn.
#
# usage: chat.sh STATE [--template NAME] [rwkv-generate option]...          a STATE that does not exist begins a chat
#   --template NAME          the form of turns, for chat models: world, g1 .. (rwkv-tokenize --template list); wants jq
#   RWKV_MODEL, RWKV_VOCAB   the model; a demo model unless given
#   CHAT_TURN                without --template: a turn up to where the model speaks, as printf takes it, %s being the line
# With --template an answer ends where the next turn would begin, so it may have empty lines; else it ends at an empty line, as a
# speech in a play does.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:$root/build/bin
export RWKV_MODEL=${RWKV_MODEL:-$root/demo/rwkv7-shakespeare.pth} RWKV_VOCAB=${RWKV_VOCAB:-$root/demo/vocab.txt}

[ $# -ge 1 ] || { echo 'usage: chat.sh STATE [--template NAME] [rwkv-generate option]...' >&2 && exit 2; }
state=$1
shift
if [ "${1:-}" = --template ]; then
  template=${2:?NAME}
  shift 2
  stop=$'\n\nUser:'
else
  turn=${CHAT_TURN:-$'ROMEO:\n%s\n\nJULIET:\n'}
  stop=$'\n\n'
fi

# prompt_of LINE prints the turn up to where the model speaks.
prompt_of() {
  if [ -n "${template:-}" ]; then
    jq -n --arg text "$1" '[{role: "user", content: $text}]' | rwkv-tokenize --template "$template"
  else
    # shellcheck disable=SC2059  # the turn is a format
    printf "$turn" "$1"
  fi
}

while [ ! -t 0 ] || printf '> ' >&2; IFS= read -r line; do
  begin=()
  prompt=$(prompt_of "$line" && echo .)  # the dot saves line breaks at the end
  prompt=${prompt%.}
  # What ended the last answer was not printed, and so is not in the state.
  [ ! -e "$state" ] || begin=(--state-in "$state") prompt=$'\n\n'$prompt
  rwkv-generate "${begin[@]}" --state-out "$state" -p "$prompt" --stop "$stop" "$@" </dev/null
  echo
done
