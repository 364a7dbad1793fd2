#!/usr/bin/env bash
# Fails when an #include, or a use of the process's surroundings, breaks the layering rule. usage: check_layers.sh PROJECT
set -euo pipefail
cd "$1"
broken=0

# refuse RULE GREP-ARGUMENTS... prints each line that grep finds as a breach of RULE.
refuse() {
  local rule=$1 found
  shift
  found=$(grep -nP "$@") || [ $? -eq 1 ]
  [ -n "$found" ] || return 0
  awk -v rule="$rule" '{ print $0 "    <- " rule }' <<<"$found"
  broken=1
}

# folder FOLDER ALLOWED checks that lib/FOLDER includes, of lib's folders, only the ALLOWED ones.
folder() {
  refuse "lib/$1 may include only $2" -r --include='*.cc' --include='*.h' \
    "^#include \"(?!($2)/)(core|tensor|kernels|model|text|sampling|ids)/" "lib/$1"
}

folder core core
folder tensor 'core|tensor'
folder kernels 'core|tensor|kernels'
folder model 'core|tensor|kernels|sampling|model'
folder text 'core|text'
folder ids 'core|ids'
folder sampling 'core|kernels|sampling'

for source in $(find lib tools -name '*.cc' -o -name '*.h'); do
  case $source in lib/kernels/*) ;; *) refuse 'Highway belongs in lib/kernels' '^#include [<"]hwy/' /dev/null "$source" ;; esac
  case $source in tools/*) ;; *) refuse 'program_options belongs in tools' 'boost/program_options' /dev/null "$source" ;; esac
  case $source in *.h) refuse 'Boost.JSON belongs in .cc files' 'boost/json' /dev/null "$source" ;; esac
done
refuse 'the library never prints, exits or reads the environment' -r \
  'std::(cout|cerr|clog|exit|abort|getenv)\b|\b(printf|puts|getenv|_exit)\(' lib
refuse 'the library includes nothing of the tools' -r '^#include "(tool|tools/)' lib
exit $broken
