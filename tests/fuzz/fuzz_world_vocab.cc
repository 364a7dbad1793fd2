// Any bytes as a World vocabulary: a tokenizer that gives texts back, or an Error.
#include "core/error.h"
#include "text/world_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = rwkv::parse_world_vocabulary(file);
    if (tokenizer->decode(tokenizer->encode(file)) != file) __builtin_trap();
  } catch (const rwkv::Error&) {
  }
  return 0;
}
