// Fuzzes the reader of safetensors.
#include "fuzz/check_tensors.h"
#include "tensor/safetensors_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return rwkv::check_tensors(rwkv::parse_safetensors, data, size);
}
