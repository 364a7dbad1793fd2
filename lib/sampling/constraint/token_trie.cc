#include "sampling/constraint/token_trie.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace rwkv {

TokenTrie::TokenTrie(size_t n_ids, const std::function<std::string_view(TokenId)>& bytes_of) : starts_{0} {
  for (size_t i = 0; i < n_ids; ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::string_view bytes = id == kEndOfTextId ? std::string_view() : bytes_of(id);
    if (bytes.size() > std::numeric_limits<uint16_t>::max() ||
        bytes_.size() + bytes.size() > std::numeric_limits<uint32_t>::max()) {
      throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + ": the tokens are too long");
    }
    bytes_ += bytes;
    starts_.push_back(static_cast<uint32_t>(bytes_.size()));
    longest_ = std::max(longest_, bytes.size());
    if (bytes.size() == 1) single_bytes_[static_cast<uint8_t>(bytes[0])] = true;
    if (!bytes.empty()) tokens_.push_back(id);
  }
  std::ranges::stable_sort(tokens_, {}, [this](TokenId id) { return this->bytes_of(id); });
  build();
}

void TokenTrie::build() {
  std::vector<uint32_t> open;  // the nodes of the last token's bytes
  std::string_view last;
  const auto close_to = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back())
      nodes_[open.back()].end = static_cast<uint32_t>(nodes_.size());
  };
  for (size_t t = 0; t < tokens_.size(); ++t) {
    const std::string_view bytes = bytes_of(tokens_[t]);
    const auto n_common = static_cast<size_t>(std::ranges::mismatch(bytes, last).in1 - bytes.begin());
    close_to(n_common);
    for (size_t depth = n_common; depth < bytes.size(); ++depth) {
      open.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(t), static_cast<uint16_t>(depth + 1),
                        static_cast<uint8_t>(bytes[depth])});
    }
    last = bytes;
  }
  close_to(0);
  nodes_.push_back({static_cast<uint32_t>(nodes_.size()), static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace rwkv
