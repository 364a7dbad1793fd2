// Fuzzes the reader of rwkv.cpp's .bin.
#include <cstdint>

#include "formats/bin_reader.h"
#include "fuzz/check_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return rwkv::check_tensors(rwkv::parse_bin, data, size);
}
