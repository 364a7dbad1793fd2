#include "sampling/stop_text.h"

#include <algorithm>

#include "core/error.h"

namespace rwkv {

StopText::StopText(std::vector<std::string> stops) : stops_(std::move(stops)) {
  for (const auto& stop : stops_) {
    if (stop.empty()) throw Error(ErrorKind::kUsage, "a stop text is empty");
  }
}

bool StopText::add(std::string_view bytes) {
  tail_ += bytes;
  size_t begin = std::string::npos;
  for (const auto& stop : stops_) begin = std::min(begin, tail_.find(stop));
  const bool found = begin != std::string::npos;
  const size_t n_safe = found ? begin : tail_.size() - possible_bytes();
  safe_ += n_safe;
  tail_.erase(0, n_safe);
  return found;
}

size_t StopText::possible_bytes() const {
  for (std::string_view rest = tail_; !rest.empty(); rest.remove_prefix(1)) {
    for (const std::string_view stop : stops_) {
      if (stop.starts_with(rest)) return rest.size();
    }
  }
  return 0;
}

}  // namespace rwkv
