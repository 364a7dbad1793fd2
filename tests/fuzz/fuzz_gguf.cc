// Fuzzes the reader of GGUF, and that of the vocabulary inside.
#include <cstdint>

#include "checkpoint/vocabulary.h"
#include "formats/gguf_reader.h"
#include "fuzz/check_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    rwkv::world_vocabulary_of(rwkv::read_gguf_header(std::as_bytes(std::span(data, size))));
  } catch (const rwkv::Error&) {
  }
  return rwkv::check_tensors(rwkv::parse_gguf, data, size);
}
