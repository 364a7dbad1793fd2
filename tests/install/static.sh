# The static library, by find_package.
. "$SOURCE/tests/install/helpers.sh"
cat > "$scratch/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES CXX)
find_package(rwkv REQUIRED COMPONENTS static)
add_executable(four $SOURCE/examples/library/four.cc)
target_link_libraries(four PRIVATE rwkv::static)
END
cmake -S "$scratch" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$PREFIX" -DCMAKE_CXX_COMPILER="$CXX" > /dev/null
cmake --build "$scratch/build" > "$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
check_four "$scratch/build/four"
if ldd "$scratch/build/four" | grep librwkv; then exit 1; fi
