// Fuzzes the reader of torch's legacy form.
#include <cstdint>

#include "formats/pth_reader.h"
#include "fuzz/check_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return rwkv::check_tensors(rwkv::parse_pth_legacy, data, size);
}
