#include "text/utf8_joiner.h"

#include <utility>

#include "core/error.h"
#include "text/utf8.h"

namespace rwkv {

std::string Utf8Joiner::add(std::string_view bytes) {
  pending_ += bytes;
  return whole_part(pending_.size() - truncated_utf8_bytes(pending_));
}

std::string Utf8Joiner::finish() { return whole_part(pending_.size()); }

std::string Utf8Joiner::whole_part(size_t n_bytes) {
  std::string whole = pending_.substr(0, n_bytes);
  pending_.erase(0, n_bytes);
  const uint64_t offset = std::exchange(offset_, offset_ + n_bytes);
  if (invalid_ == InvalidUtf8::kKeep) return whole;
  const size_t invalid = find_invalid_utf8(whole);
  if (invalid == std::string::npos) return whole;
  if (invalid_ == InvalidUtf8::kReplace) return replace_invalid_utf8(whole);
  throw Error(ErrorKind::kFormat, "byte " + std::to_string(offset + invalid) + " of the text: not UTF-8");
}

}  // namespace rwkv
