#include "text/token_table.h"

#include <algorithm>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr uint64_t kMaxId = (1 << 24) - 1;  // far above every vocabulary: a larger one is a broken file

}  // namespace

void TokenTable::reserve(size_t n_bytes, size_t n_ids) {
  bytes_.reserve(n_bytes);
  ranges_.reserve(n_ids);
}

void TokenTable::add(uint64_t id, std::string_view bytes) {
  if (id > kMaxId) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + ": want at most " + std::to_string(kMaxId));
  }
  if (bytes_.size() + bytes.size() >= kNoToken) {
    throw Error(ErrorKind::kFormat, "the tokens have more than 4 GB");
  }
  if (id / kPage >= pages_.size()) pages_.resize(id / kPage + 1);
  uint32_t& page = pages_[id / kPage];
  if (page == 0) {
    ranges_.resize(ranges_.size() + kPage);
    page = static_cast<uint32_t>(ranges_.size() / kPage);
  }
  Range& range = ranges_[(page - 1) * kPage + id % kPage];
  if (range.size != kNoToken) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + " stands for two tokens");
  }
  range = {static_cast<uint32_t>(bytes_.size()), static_cast<uint32_t>(bytes.size())};
  bytes_ += bytes;
  ++n_tokens_;
  size_ = std::max<size_t>(size_, id + 1);
}

}  // namespace rwkv
