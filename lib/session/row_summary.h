// Facts about rows of logits, for scoring.
#pragma once
#include <vector>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "core/token.h"

namespace rwkv {

struct RowSummary {
  // log_sum_exp of the row, to the bit: ln p of a token is its logit minus this number. NaN for a row with a
  // logit that is not finite.
  double log_sum = 0;
  TokenId likeliest = 0;  // of equal ones the lowest id
};

RowSummary summarize_row(std::span<const float> logits);
std::vector<RowSummary> summarize_rows(MatSpan<const float> rows, ThreadPool& pool);

}  // namespace rwkv
