// Any bytes as a World vocabulary, and as a text for it: the text comes back, and its parts have its ids; or
// an Error.
#include <cstdint>

#include "check_parts.h"
#include "core/error.h"
#include "text/world_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = rwkv::parse_world_vocabulary(file);
    const auto text = file.substr(0, 4096);
    if (tokenizer->decode(tokenizer->encode(text)) != text) __builtin_trap();
    rwkv::check_parts(*tokenizer, text);
  } catch (const rwkv::Error&) {
  }
  return 0;
}
