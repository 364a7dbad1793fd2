# make uninstall leaves nothing of an install behind, below DESTDIR too.
. "$SOURCE/tests/install/helpers.sh"
keep_manifest
DESTDIR=$scratch/root cmake --install "$BUILD" --prefix /opt/rwkv > /dev/null
test -e "$scratch/root/opt/rwkv/bin/rwkv-generate"
make -s -C "$SOURCE" uninstall DESTDIR="$scratch/root" BUILD="$BUILD"
same '' "$(find "$scratch/root" -type f -o -type l)"
