#include "model/gated_channel_mix.h"

#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
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
  const auto mixed = [&](const auto& weight) {
    const auto place = s.matrix(n, C);
    return mix_ == Mix::kOfThisRow ? x.mixed_from_before(weight, place) : x.mixed_from_now(weight, place);
  };
  const auto hidden = s.matrix(n, F), r = s.matrix(n, C), v = s.matrix(n, C);
  multiply(pass, {{&key_, mixed(mix_k_), hidden}, {&receptance_, mixed(mix_r_), r}});
  const auto activate = [&](size_t row, std::span<float> out) { relu_squared(hidden.row(row), out); };
  multiply(pass, {{&value_, LazyRows{hidden, activate}, v}});
  for_rows(pass, C, [&](size_t row) { add_sigmoid_times(r.row(row), v.row(row), pass.x.row(row)); });
}

}  // namespace rwkv
