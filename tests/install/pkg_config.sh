# A C compiler with what pkg-config says.
. "$SOURCE/tests/install/helpers.sh"
export PKG_CONFIG_PATH=$lib/pkgconfig
eval "flags=($(pkg-config --cflags --libs rwkv))"
cc -std=c99 "$SOURCE/examples/library/stream.c" "${flags[@]}" -o "$scratch/stream"
check_stream env LD_LIBRARY_PATH="$lib" "$scratch/stream"
