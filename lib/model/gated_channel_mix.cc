#include "model/gated_channel_mix.h"

#include "kernels/elementwise.h"
#include "kernels/matmul.h"
#include "model/token_shift.h"

namespace rwkv {

GatedChannelMix::GatedChannelMix(const WeightReader& block, const ModelInfo& info, Mix mix) : mix_(mix) {
  const auto ffn = block.under("ffn.");
  const std::string prefix = mix == Mix::kOfThisRow ? "time_mix_" : "time_maa_";
  ln2_ = block.norm("ln2", info.n_embd);
  mix_k_ = ffn.vector(prefix + "k", info.n_embd);
  mix_r_ = ffn.vector(prefix + "r", info.n_embd);
  key_ = ffn.matrix("key.weight", info.n_ffn, info.n_embd);
  receptance_ = ffn.matrix("receptance.weight", info.n_embd, info.n_embd);
  value_ = ffn.matrix("value.weight", info.n_embd, info.n_ffn);
}

void GatedChannelMix::forward(Pass& pass, size_t part) const {
  const size_t n = pass.n_rows(), C = pass.x.cols, F = key_.rows;
  const auto x = shifted_rows(pass, ln2_.weights(kLayerNormEps), part);
  auto& s = pass.scratch;
  const auto xk = s.matrix(n, C), xr = s.matrix(n, C);
  for_rows(pass, 2 * C, [&](size_t row) {
    const bool this_row = mix_ == Mix::kOfThisRow;
    const auto from = this_row ? x.before(row) : x.now(row), to = this_row ? x.now(row) : x.before(row);
    interpolate(from, to, mix_k_, xk.row(row));
    interpolate(from, to, mix_r_, xr.row(row));
  });
  const auto hidden = s.matrix(n, F), r = s.matrix(n, C), v = s.matrix(n, C);
  matmul({{&key_, xk, hidden}, {&receptance_, xr, r}}, pass.pool);
  for_rows(pass, F, [&](size_t row) { relu_squared(hidden.row(row)); });
  matmul({{&value_, hidden, v}}, pass.pool);
  for_rows(pass, C, [&](size_t row) { add_sigmoid_times(r.row(row), v.row(row), pass.x.row(row)); });
}

}  // namespace rwkv
