# Installs everything into an empty prefix.
. "$SOURCE/tests/install/helpers.sh"
keep_manifest
rm -rf "$PREFIX"
cmake --install "$BUILD" --prefix "$PREFIX" > /dev/null
test -x "$PREFIX/bin/rwkv-generate"
