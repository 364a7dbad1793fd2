// What scoring needs of rows of logits.
#pragma once
#include <vector>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "core/token.h"

namespace rwkv {

struct RowSummary {
  // log_sum_exp of the row, to the bit: ln p of a token is its logit minus this. NaN for a row that is not
  // all finite.
  double log_sum = 0;
  TokenId likeliest = 0;  // the lowest id among equals
};

RowSummary summarize_row(std::span<const float> logits);
std::vector<RowSummary> summarize_rows(MatSpan<const float> rows, ThreadPool& pool);

}  // namespace rwkv
