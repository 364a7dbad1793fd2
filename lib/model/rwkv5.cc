// RWKV-5 "Eagle", 5.0 to 5.2: Peng et al. 2024, "Eagle and Finch".
#include <array>

#include "core/joined.h"
#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/wkv5.h"
#include "model/architecture.h"
#include "model/gated_channel_mix.h"
#include "model/heads.h"
#include "model/token_shift.h"

namespace rwkv {
namespace {

class Rwkv5Layer final : public Layer {
 public:
  Rwkv5Layer(const WeightReader& block, const ModelInfo& info);
  void forward(Pass& pass) const override {
    time_mix(pass);
    channel_mix_.forward(pass, kFfnX);
  }

 private:
  void time_mix(Pass& pass) const;

  ModelInfo info_;
  bool gated_;                                        // from 5.1 on
  Norm ln1_;                                          // [C]
  std::vector<float> mix_r_, mix_k_, mix_v_, mix_g_;  // [C]
  std::vector<float> decay_, bonus_;                  // [H, N] w = exp(−exp(time_decay)), u
  Matrix receptance_, key_, value_, gate_;            // [A, C]
  Norm ln_x_;                                         // [A]
  Matrix output_;                                     // [C, A]
  GatedChannelMix channel_mix_;
};

// [H, N], a scalar a head (5.0, 5.1) repeated over its N channels.
std::vector<float> read_per_channel(const WeightReader& att, std::string_view name, const ModelInfo& info) {
  if (att.n_elements(name) == info.n_att) return att.vector(name, info.n_att);
  const auto scalars = att.vector(name, info.n_heads);
  std::vector<float> values;
  for (const float scalar : scalars) values.insert(values.end(), info.head_size, scalar);
  return values;
}

std::vector<float> read_decay(const WeightReader& att, const ModelInfo& info) {
  auto decay = read_per_channel(att, "time_decay", info);
  decay6(std::vector<float>(decay.size()), decay, decay);
  return decay;
}

// Spelt time_faaaa it is plain, spelt time_first (old files) it is a logarithm.
std::vector<float> read_bonus(const WeightReader& att, const ModelInfo& info) {
  if (att.has("time_faaaa")) return read_per_channel(att, "time_faaaa", info);
  auto bonus = read_per_channel(att, "time_first", info);
  exp_of(bonus, bonus);
  return bonus;
}

Rwkv5Layer::Rwkv5Layer(const WeightReader& block, const ModelInfo& info)
    : info_(info),
      gated_(info.version != "5.0"),
      channel_mix_(block, info, GatedChannelMix::Mix::kOfThisRow) {
  const size_t C = info.n_embd, A = info.n_att;
  const auto att = block.under("att.");
  ln1_ = block.norm("ln1", C);
  mix_r_ = att.vector("time_mix_r", C);
  mix_k_ = att.vector("time_mix_k", C);
  mix_v_ = att.vector("time_mix_v", C);
  if (gated_) mix_g_ = att.vector("time_mix_g", C);
  decay_ = read_decay(att, info);
  bonus_ = read_bonus(att, info);
  receptance_ = att.matrix("receptance.weight", A, C);
  key_ = att.matrix("key.weight", A, C);
  value_ = att.matrix("value.weight", A, C);
  if (gated_) gate_ = att.matrix("gate.weight", A, C);
  ln_x_ = att.norm("ln_x", A);
  output_ = att.matrix("output.weight", C, A);
}

// x' is the row before:
//   r = W_r (x⊙m_r + x'⊙(1−m_r))   k, v, g alike
//   x += W_o (GroupNorm(wkv(r, k, v)) ⊙ silu(g))
void Rwkv5Layer::time_mix(Pass& pass) const {
  const size_t n = pass.n_rows(), C = info_.n_embd, A = info_.n_att;
  const auto x = shifted_rows(pass, ln1_.weights(kLayerNormEps), kAttX);
  auto& s = pass.scratch;
  const auto mixed = [&](const auto& weight) { return x.mixed_from_before(weight, s.matrix(n, C)); };
  const auto kept = [&] { return pass.kept().matrix(n, A); };
  const auto r = kept(), k = kept(), v = kept(), y = kept(), g = s.matrix(n, A);
  const MatmulJob jobs[] = {{&receptance_, mixed(mix_r_), r},
                            {&key_, mixed(mix_k_), k},
                            {&value_, mixed(mix_v_), v},
                            {&gate_, mixed(mix_g_), g}};
  multiply(pass, std::span(jobs, gated_ ? 4 : 3));
  pass.on_replay([=, this, layer = pass.layer](const ReplayedRows& at) {
    const auto of = [&](MatSpan<float> m) { return m.rows_at(at.first_row, at.n_rows); };
    const MatSpan<const float> decay(decay_.data(), at.n_rows, A, 0);
    wkv5({of(r), of(k), of(v), decay, bonus_}, info_.head_size, at.state->part(layer, kS), of(y));
  });
  for_heads(pass, info_, [&](const HeadRows& at) {
    const MatSpan<const float> decay(at.part(decay_).data(), at.n_rows, at.n_channels, 0);  // of every token
    const auto out = at.part(y), gate = at.part(g);
    wkv5({at.part(r), at.part(k), at.part(v), decay, at.part(bonus_)}, info_.head_size, at.S, out);
    const NormWeights norm = head_norm(ln_x_, info_, at);
    for (size_t t = 0; t < at.n_rows; ++t) {
      normalize(out.row(t), norm, out.row(t));
      if (gated_) silu_times(gate.row(t), out.row(t), out.row(t));
    }
  });
  multiply(pass, {{&output_, y, pass.x, Store::kAdd}});
}

bool recognises(const TensorFile& file) {
  return file.find("blocks.0.att.ln_x.weight") != nullptr && file.find("blocks.0.att.time_mix_k") != nullptr;
}

void read_info(const TensorFile& file, ModelInfo& info) {
  const size_t n_heads = dimension(file, "blocks.0.att.time_decay", 0);
  const Shape& decay = file.at("blocks.0.att.time_decay").shape;
  const bool per_channel = decay.size() > 1 && decay[1] > 1;
  const bool gated = file.find("blocks.0.att.gate.weight") != nullptr;
  info.version = !gated ? "5.0" : per_channel ? "5.2" : "5.1";
  info.reason = std::string("blocks.0.att has ln_x, ") + (gated ? "a gate" : "no gate") +
                ", time_decay of shape " + to_string(decay);
  read_heads(file, n_heads, info);
}

std::unique_ptr<Layer> make_layer(const WeightReader& block, const ModelInfo& info, size_t /*layer*/) {
  return std::make_unique<Rwkv5Layer>(block, info);
}

constexpr auto kOwnTensors = std::to_array<TensorRole>({
    {"att.time_mix_r"},
    {"att.time_mix_k"},
    {"att.time_mix_v"},
    {"att.time_mix_g"},
    {"att.time_decay"},
    {"att.time_first"},
    {"att.time_faaaa"},
    {"att.time_state"},
    {"att.gate.weight", Role::kMatrix},
    {"att.ln_x.weight"},
    {"att.ln_x.bias"},
    {"ffn.time_mix_k"},
    {"ffn.time_mix_r"},
    {"ffn.receptance.weight", Role::kMatrix},
});
constexpr auto kLayerTensors = joined(kLayerTensorsOfAll, kOwnTensors);

}  // namespace

const Architecture kRwkv5{"RWKV-5", recognises, read_info, head_state_parts, make_layer, kLayerTensors};

}  // namespace rwkv
