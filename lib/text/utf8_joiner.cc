#include "text/utf8_joiner.h"

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
  return invalid_ == InvalidUtf8::kReplace ? replace_invalid_utf8(whole) : whole;
}

}  // namespace rwkv
