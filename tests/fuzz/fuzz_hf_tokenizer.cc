// A tokenizer.json, and behind the first NUL a text for it: in parts or as a whole the text has the same ids.
#include "core/error.h"
#include "text/tokenizer_json.h"

namespace {

void check(std::string_view file, std::string_view text) {
  const auto tokenizer = rwkv::parse_tokenizer_json(file);
  const auto whole = tokenizer->encode(text);
  std::vector<rwkv::TokenId> parts;
  size_t begin = 0;
  for (size_t end = 0; end <= text.size(); ++end) {
    begin += tokenizer->encode_some(text.substr(begin, end - begin), true, parts);
  }
  tokenizer->encode_some(text.substr(begin), false, parts);
  if (parts != whole) __builtin_trap();
  tokenizer->decode(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(input.find('\0'), size);
  try {
    check(input.substr(0, end), input.substr(std::min(end + 1, size)));
  } catch (const rwkv::Error&) {
  }
  return 0;
}
