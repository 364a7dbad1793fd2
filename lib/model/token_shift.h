// Token shift: each row beside its predecessor in the sequence.
#pragma once
#include <vector>

#include "kernels/matmul/matmul.h"
#include "kernels/norm.h"
#include "model/layer.h"

namespace rwkv {

// Layer-normed rows; before each sequence's rows stands the row from its state.
struct ShiftedRows {
  MatSpan<float> rows;  // [sequences + rows, C]
  std::span<const uint32_t> sequence_of;

  std::span<const float> now(size_t row) const { return rows.row(row + sequence_of[row] + 1); }
  std::span<const float> before(size_t row) const { return rows.row(row + sequence_of[row]); }

  // Token shift, x' being the row before: x' + (x − x') ⊙ weight, and x + (x' − x) ⊙ weight. The result
  // refers to this object and to `weight`.
  LazyRows mixed_from_before(const std::vector<float>& weight, MatSpan<float> place) const;
  LazyRows mixed_from_now(const std::vector<float>& weight, MatSpan<float> place) const;
};

// Norms the residual; reads each sequence's first predecessor from `part` of its state, stores its last row.
ShiftedRows shifted_rows(Pass& pass, const NormWeights& norm, size_t part);

}  // namespace rwkv
