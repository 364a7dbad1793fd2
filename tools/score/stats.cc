#include "score/stats.h"

#include <cstdio>

namespace rwkv {

void ScoreStats::print(std::ostream& out) const {
  const double seconds = watch_.seconds();
  const auto tokens = static_cast<double>(n_tokens_);
  char text[120];
  std::snprintf(text, sizeof text, "score: %.0f tokens in %.3f s, %.1f tokens/s\n", tokens, seconds,
                tokens / seconds);
  out << text;
}

}  // namespace rwkv
