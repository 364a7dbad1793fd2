#include "model/channel_mix7.h"

#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/widen.h"
#include "model/token_shift.h"

namespace rwkv {

ChannelMix7::ChannelMix7(const WeightReader& block, const ModelInfo& info) : rank_(info.rank("deep_embed")) {
  const size_t C = info.n_embd, F = info.n_ffn;
  const auto ffn = block.under("ffn.");
  ln2_ = block.norm("ln2", C);
  x_k_ = ffn.vector("x_k", C);
  key_ = ffn.matrix("key.weight", F, C);
  value_ = ffn.matrix("value.weight", C, F);
  if (rank_ == 0) return;
  s_emb_ = ffn.table("s_emb.weight", info.n_vocab, rank_ * rank_);
  s_emb_x_ = ffn.matrix("s_emb_x.weight", rank_ * rank_, C);
  s1_ = ffn.low_rank("s1", C, rank_);
  s2_ = ffn.low_rank("s2", rank_, F);
  s0_ = ffn.vector("s0", F);
}

void ChannelMix7::forward(Pass& pass, size_t part) const {
  const size_t n = pass.n_rows(), C = pass.x.cols, F = key_.rows;
  const auto x = shifted_rows(pass, ln2_.weights(kLayerNormEps), part);
  auto& s = pass.scratch;
  const auto hidden = s.matrix(n, F);
  multiply(pass, {{&key_, x.mixed_from_now(x_k_, s.matrix(n, C)), hidden}});
  MatSpan<float> factor;
  if (rank_ != 0) factor = deep_embed(pass, x);
  const auto activate = [&](size_t row, std::span<float> out) {
    relu_squared(hidden.row(row), out);
    if (rank_ != 0) multiply_sum(out, factor.row(row), s0_, out);
  };
  multiply(pass, {{&value_, LazyRows{hidden, activate}, pass.x, Store::kAdd}});
}

// ((xᵀ s1) E) s2, [rows, F]
MatSpan<float> ChannelMix7::deep_embed(Pass& pass, const ShiftedRows& x) const {
  const size_t n = pass.n_rows();
  auto& s = pass.scratch;
  const auto E = s.matrix(n, s_emb_.cols), z = s.matrix(n, rank_), zE = s.matrix(n, rank_),
             factor = s.matrix(n, key_.rows);
  for_rows(pass, s_emb_.cols, [&](size_t row) { widen_row(s_emb_, pass.tokens[row], E.row(row)); });
  // Of the rows without their predecessors
  const auto copy = [&](size_t row, std::span<float> out) { std::ranges::copy(x.now(row), out.begin()); };
  multiply(pass,
           {{&s_emb_x_, pass.embedded, E, Store::kAdd}, {&s1_, LazyRows{s.matrix(n, pass.x.cols), copy}, z}});
  for (size_t row = 0; row < n; ++row) {
    const Matrix own{DType::kF32, Layout::kInOut, rank_, rank_, std::as_bytes(E.row(row))};
    matmul({{&own, z.rows_at(row, 1), zE.rows_at(row, 1)}}, pass.pool);
  }
  multiply(pass, {{&s2_, zE, factor}});
  return factor;
}

}  // namespace rwkv
