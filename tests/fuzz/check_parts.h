// What must hold for every tokenizer and every text.
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace rwkv {

// Byte by byte, or cut in two at a known place, a text has the ids that it has as a whole.
inline void check_parts(const Tokenizer& tokenizer, std::string_view text) {
  const auto whole = tokenizer.encode(text);
  const auto scratch = tokenizer.make_scratch();
  std::vector<TokenId> parts;
  size_t begin = 0;
  for (size_t end = 0; end <= text.size(); ++end) {
    begin += tokenizer.encode_some(text.substr(begin, end - begin), true, parts, scratch.get());
  }
  tokenizer.encode_some(text.substr(begin), false, parts, scratch.get());
  if (parts != whole) __builtin_trap();

  const size_t cut = tokenizer.last_cut(text.substr(0, text.size() / 2 + 1));
  parts.clear();
  tokenizer.encode_some(text.substr(0, cut), false, parts, scratch.get());
  tokenizer.encode_some(text.substr(cut), false, parts, scratch.get());
  if (parts != whole) __builtin_trap();
}

}  // namespace rwkv
