// A tokenizer.json, and behind the first NUL a text for it: in parts or as a whole the text has the same ids.
#include <cstdint>

#include "check_parts.h"
#include "core/error.h"
#include "text/tokenizer_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), size);
  try {
    const auto tokenizer = rwkv::parse_tokenizer_json(input.substr(0, end));
    const auto text = input.substr(std::min(end + 1, size), 4096);
    rwkv::check_parts(*tokenizer, text);
    tokenizer->decode(tokenizer->encode(text));
  } catch (const rwkv::Error&) {
  }
  return 0;
}
