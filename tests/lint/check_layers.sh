#!/usr/bin/env bash
# Fails when an #include, or a use of the process's surroundings, breaks the layering rule. usage: check_layers.sh PROJECT
set -euo pipefail
cd "$1"
broken=0
folders='core|tensor|formats|kernels|model|session|checkpoint|api|text|sampling|ids'

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
    "^#include [\"<](?!($2)/)($folders)/" "lib/$1"
}

folder core core
folder tensor 'core|tensor'
folder formats 'core|tensor|formats'
folder kernels 'core|tensor|kernels'
folder sampling 'core|text|kernels|sampling'
folder model 'core|tensor|formats|kernels|model'
folder session 'core|tensor|formats|kernels|sampling|text|model|session'
folder checkpoint 'core|tensor|formats|kernels|text|model|checkpoint'
folder api "$folders"
folder text 'core|text'
folder ids 'core|ids'

for source in $(find lib tools -name '*.cc' -o -name '*.h'); do
  case $source in lib/kernels/*) ;; *) refuse 'Highway belongs in lib/kernels' '^#include [<"]hwy/' /dev/null "$source" ;; esac
  case $source in tools/*) ;; *) refuse 'Beast and Asio belong in tools' 'boost/(beast|asio)' /dev/null "$source" ;; esac
  case $source in *.h) refuse 'Boost.JSON belongs in .cc files' 'boost/json' /dev/null "$source" ;; esac
done
refuse 'the library never prints, exits or reads the environment' -r \
  '\bstd::(cout|cerr|clog)\b|(?<![\w.>:])(std::|::)?(exit|_exit|_Exit|quick_exit|abort|terminate|getenv|secure_getenv|v?f?printf|f?puts|f?putc|putchar|fwrite|perror|psignal)\(' lib
refuse 'the library includes nothing of the tools' -r \
  '^#include ["<](tools/|(common|tokenize|convert|generate|score|inspect|bench|serve|chat)/)' lib
refuse 'the library keeps no static that changes but the pinned target' -r --exclude=targets.cc \
  '^\s+(static|thread_local) (?!const\b|constexpr\b)[^()]*(;| = |\{.*\};)' lib
exit $broken
