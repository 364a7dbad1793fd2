// Any bytes as a World vocabulary in JSON, and as a text for it: the text comes back, or an Error.
#include <cstdint>

#include "core/error.h"
#include "text/world_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = rwkv::parse_world_json(file);
    const auto text = file.substr(0, 4096);
    if (tokenizer->decode(tokenizer->encode(text)) != text) __builtin_trap();
  } catch (const rwkv::Error&) {
  }
  return 0;
}
