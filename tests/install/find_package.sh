# The examples in C and C++ as a project of its own that finds the package.
. "$SOURCE/tests/install/helpers.sh"
cmake -S "$PREFIX/share/doc/rwkv/examples/library" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$PREFIX" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror' \
  -DCMAKE_C_FLAGS='-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror' > /dev/null
cmake --build "$scratch/build" > "$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
check_stream "$scratch/build/stream"
check_four "$scratch/build/four"
