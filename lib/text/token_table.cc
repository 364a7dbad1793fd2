#include "text/token_table.h"

#include <algorithm>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr uint64_t kMaxId = (1 << 24) - 1;  // far above every vocabulary: a larger one is a broken file

}  // namespace

void TokenTable::add(uint64_t id, std::string_view bytes) {
  if (id > kMaxId) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + ": want at most " + std::to_string(kMaxId));
  }
  if (!ranges_.try_emplace(static_cast<TokenId>(id), Range{bytes_.size(), bytes.size()}).second) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + " stands for two tokens");
  }
  bytes_ += bytes;
  size_ = std::max<size_t>(size_, id + 1);
}

std::string_view TokenTable::at(TokenId id) const {
  const auto found = ranges_.find(id);
  if (found == ranges_.end()) return {};
  return std::string_view(bytes_).substr(found->second.begin, found->second.size);
}

std::vector<TokenTable::Token> TokenTable::tokens() const {
  std::vector<Token> all;
  all.reserve(ranges_.size());
  for (const auto& [id, range] : ranges_) {
    all.push_back({std::string_view(bytes_).substr(range.begin, range.size), id});
  }
  return all;
}

}  // namespace rwkv
