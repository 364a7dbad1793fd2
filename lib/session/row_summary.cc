#include "session/row_summary.h"

#include <algorithm>
#include <cmath>

#include "sampling/log_prob.h"

namespace rwkv {

RowSummary summarize_row(std::span<const float> logits) {
  const auto likeliest = std::ranges::max_element(logits);
  const double log_sum = all_finite(logits) ? log_sum_exp(logits, *likeliest) : std::nan("");
  return {log_sum, static_cast<TokenId>(likeliest - logits.begin())};
}

std::vector<RowSummary> summarize_rows(MatSpan<const float> rows, ThreadPool& pool) {
  std::vector<RowSummary> summaries(rows.rows);
  pool.for_ranges(rows.rows, 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) summaries[i] = summarize_row(rows.row(i));
  });
  return summaries;
}

}  // namespace rwkv
