# What the scripts of this folder share. SOURCE, BUILD: the project's folders; PREFIX: where it is installed; CXX: the compiler.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What `make uninstall` would remove stays as it was.
keep_manifest() {
  if [ -e "$BUILD/install_manifest.txt" ]; then
    cp "$BUILD/install_manifest.txt" "$scratch/manifest"
    trap 'mv "$scratch/manifest" "$BUILD/install_manifest.txt"; rm -rf "$scratch"' EXIT
  else
    trap 'rm -rf "$BUILD/install_manifest.txt" "$scratch"' EXIT
  fi
}

lib=$(dirname "$(find "$PREFIX" -name librwkv.so 2> /dev/null)")
demo=$SOURCE/demo
model=$demo/rwkv7-shakespeare.pth
vocab=$demo/vocab.txt

# same WANTED ACTUAL
same() { [ "$1" = "$2" ] || { printf 'wanted:\n%s\nactual:\n%s\n' "$1" "$2" >&2 && exit 1; }; }

# What stream.c and four.cc must print.
by_the_tool() { "$PREFIX/bin/rwkv-generate" -m "$model" -v "$vocab" --ignore-eos -q "$@" </dev/null; }
check_stream() { same "$(by_the_tool -p ROMEO: -n 20 --seed 1)" "$("$@" "$model" "$vocab" ROMEO: 20)"; }
# Its first text.
check_four() {
  local first
  first=$("$@" "$model" "$vocab" ROMEO: | awk '/^---/ && NR > 1 { exit } { print }')
  same "---ROMEO:$(by_the_tool -p ROMEO: -n 20 --seed 1)" "$first"
}
