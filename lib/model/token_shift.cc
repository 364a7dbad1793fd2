#include "model/token_shift.h"

namespace rwkv {

ShiftedRows shifted_rows(Pass& pass, const NormWeights& norm, size_t part) {
  const ShiftedRows shifted{pass.scratch.matrix(pass.sequences.size() + pass.n_rows(), pass.x.cols),
                            pass.sequence_of};
  for_rows(pass, pass.x.cols, [&](size_t row) {
    normalize(pass.x.row(row), norm, shifted.rows.row(row + pass.sequence_of[row] + 1));
  });
  for (size_t s = 0; s < pass.sequences.size(); ++s) {
    const auto& sequence = pass.sequences[s];
    const auto remembered = pass.state(s, part);
    std::ranges::copy(remembered, shifted.rows.row(sequence.first_row + s).begin());
    std::ranges::copy(shifted.now(sequence.first_row + sequence.n_rows - 1), remembered.begin());
  }
  return shifted;
}

}  // namespace rwkv
