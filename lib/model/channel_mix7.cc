#include "model/channel_mix7.h"

#include "kernels/convert.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"
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
  const auto xk = s.matrix(n, C), hidden = s.matrix(n, F);
  for_rows(pass, C, [&](size_t row) { interpolate(x.now(row), x.before(row), x_k_, xk.row(row)); });
  matmul({{&key_, xk, hidden}}, pass.pool);
  for_rows(pass, F, [&](size_t row) { relu_squared(hidden.row(row)); });
  if (rank_ != 0) {
    // xk has served; it takes the rows without their predecessors.
    for_rows(pass, C, [&](size_t row) { std::ranges::copy(x.now(row), xk.row(row).begin()); });
    deep_embed(pass, xk, hidden);
  }
  matmul({{&value_, hidden, pass.x, Store::kAdd}}, pass.pool);
}

void ChannelMix7::deep_embed(Pass& pass, MatSpan<const float> x, MatSpan<float> hidden) const {
  const size_t n = pass.n_rows();
  auto& s = pass.scratch;
  const auto E = s.matrix(n, s_emb_.cols), z = s.matrix(n, rank_), zE = s.matrix(n, rank_),
             factor = s.matrix(n, hidden.cols);
  for_rows(pass, s_emb_.cols, [&](size_t row) { widen_row(s_emb_, pass.tokens[row], E.row(row)); });
  matmul({{&s_emb_x_, pass.embedded, E, Store::kAdd}, {&s1_, x, z}}, pass.pool);
  for (size_t row = 0; row < n; ++row) {
    const Matrix own{DType::kF32, Layout::kInOut, rank_, rank_, std::as_bytes(E.row(row))};
    matmul({{&own, z.rows_at(row, 1), zE.rows_at(row, 1)}}, pass.pool);
  }
  matmul({{&s2_, zE, factor}}, pass.pool);
  for_rows(pass, hidden.cols,
           [&](size_t row) { multiply_sum(hidden.row(row), factor.row(row), s0_, hidden.row(row)); });
}

}  // namespace rwkv
