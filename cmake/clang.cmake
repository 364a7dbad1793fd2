# Toolchain file of the presets that need clang: the version that CI uses where it is installed, else any.
find_program(clangxx NAMES clang++-14 clang++ REQUIRED)
set(CMAKE_CXX_COMPILER ${clangxx})
