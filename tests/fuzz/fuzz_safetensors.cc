// Fuzzes the reader of safetensors.
#include <cstdint>

#include "formats/safetensors_reader.h"
#include "fuzz/check_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return rwkv::check_tensors(rwkv::parse_safetensors, data, size);
}
