# As a subproject: nothing but the library is built, in C++20 and without warnings from our headers.
. "$SOURCE/tests/install/helpers.sh"
cat > "$scratch/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES CXX)
set(CMAKE_BUILD_TYPE Release)
set(RWKV_FEW_SIMD_TARGETS ON)
add_subdirectory($SOURCE rwkv)
add_executable(four $SOURCE/examples/library/four.cc)
add_executable(inside inside.cc)
foreach(program four inside)
  target_compile_options(\${program} PRIVATE -Wall -Wextra -Wconversion -Wsign-conversion -Werror)
  target_link_libraries(\${program} PRIVATE rwkv::rwkv)
endforeach()
END
cat > "$scratch/inside.cc" <<END
#include "model/model.h"
int main(int, char** argv) { return rwkv::Model::load(argv[1]).info().version == "7" ? 0 : 1; }
END
cmake -S "$scratch" -B "$scratch/build" -DCMAKE_CXX_COMPILER="$CXX" > /dev/null
cmake --build "$scratch/build" -j 2 > "$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
same '' "$(find "$scratch/build" -name 'rwkv-*' -o -name 'test_*' -o -name 'librwkv.so*')"
check_four "$scratch/build/four"
"$scratch/build/inside" "$model"
