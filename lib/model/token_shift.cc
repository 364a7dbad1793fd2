#include "model/token_shift.h"

#include "kernels/elementwise.h"

namespace rwkv {

LazyRows ShiftedRows::mixed_from_before(const std::vector<float>& weight, MatSpan<float> place) const {
  return {place, [this, &weight](size_t row, std::span<float> out) {
            interpolate(before(row), now(row), weight, out);
          }};
}

LazyRows ShiftedRows::mixed_from_now(const std::vector<float>& weight, MatSpan<float> place) const {
  return {place, [this, &weight](size_t row, std::span<float> out) {
            interpolate(now(row), before(row), weight, out);
          }};
}

ShiftedRows shifted_rows(Pass& pass, const NormWeights& norm, size_t part) {
  const ShiftedRows shifted{pass.kept().matrix(pass.sequences.size() + pass.n_rows(), pass.x.cols),
                            pass.sequence_of};
  const size_t C = pass.x.cols;
  constexpr size_t kNormCost = 4;  // of an element: it is read three times and written
  for_rows(pass, kNormCost * C, [&](size_t row) {
    normalize(pass.x.row(row), norm, shifted.rows.row(row + pass.sequence_of[row] + 1));
  });
  pass.pool.for_ranges(pass.sequences.size(), kParallelElements / (2 * C) + 1, [&](size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) {
      const auto& sequence = pass.sequences[s];
      const auto remembered = pass.state(s, part);
      std::ranges::copy(remembered, shifted.rows.row(sequence.first_row + s).begin());
      if (!sequence.preview)
        std::ranges::copy(shifted.now(sequence.first_row + sequence.n_rows - 1), remembered.begin());
    }
  });
  pass.on_replay([rows = shifted.rows, layer = pass.layer, part](const ReplayedRows& at) {
    const size_t last = at.first_row + at.n_rows - 1;
    std::ranges::copy(rows.row(last + at.sequence + 1), at.state->part(layer, part).begin());
  });
  return shifted;
}

}  // namespace rwkv
