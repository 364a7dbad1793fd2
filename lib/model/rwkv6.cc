// RWKV-6 "Finch": Peng et al. 2024, "Eagle and Finch".
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

// The five mixes, in the order of their segments in time_maa_w1 and time_maa_w2.
enum Mixed : size_t { kW, kK, kV, kR, kG, kMixed };
constexpr std::array<std::string_view, kMixed> kMixNames = {"w", "k", "v", "r", "g"};

class Rwkv6Layer final : public Layer {
 public:
  Rwkv6Layer(const WeightReader& block, const ModelInfo& info);
  void forward(Pass& pass) const override {
    time_mix(pass);
    channel_mix_.forward(pass, kFfnX);
  }

 private:
  using MixedRows = std::array<LazyRows, kMixed>;
  MixedRows mixed_rows(Pass& pass, const ShiftedRows& x) const;
  void time_mix(Pass& pass) const;

  ModelInfo info_;
  size_t mix_rank_, decay_rank_;                // Dm, Dd
  Norm ln1_;                                    // [C]
  std::vector<float> maa_x_;                    // [C]
  std::array<std::vector<float>, kMixed> maa_;  // [C] each
  Matrix maa_w1_;                               // C → 5 Dm
  std::vector<Matrix> maa_w2_;                  // Dm → C each
  std::vector<float> decay_;                    // [A] as stored
  Matrix decay_w1_, decay_w2_;                  // C → Dd, Dd → A
  std::vector<float> bonus_;                    // [H, N]
  Matrix receptance_, key_, value_, gate_;      // [A, C]
  Norm ln_x_;                                   // [A]
  Matrix output_;                               // [C, A]
  GatedChannelMix channel_mix_;
};

Rwkv6Layer::Rwkv6Layer(const WeightReader& block, const ModelInfo& info)
    : info_(info),
      mix_rank_(info.rank("mix")),
      decay_rank_(info.rank("decay")),
      channel_mix_(block, info, GatedChannelMix::Mix::kOfRowBefore) {
  const size_t C = info.n_embd, A = info.n_att;
  const auto att = block.under("att.");
  ln1_ = block.norm("ln1", C);
  maa_x_ = att.vector("time_maa_x", C);
  maa_w1_ = att.low_rank("time_maa_w1", C, kMixed * mix_rank_);
  for (size_t i = 0; i < kMixed; ++i) maa_[i] = att.vector("time_maa_" + std::string(kMixNames[i]), C);
  maa_w2_ = att.low_rank_stack("time_maa_w2", kMixed, mix_rank_, C);
  decay_ = att.vector("time_decay", A);
  decay_w1_ = att.low_rank("time_decay_w1", C, decay_rank_);
  decay_w2_ = att.low_rank("time_decay_w2", decay_rank_, A);
  bonus_ = att.vector("time_faaaa", A);
  receptance_ = att.matrix("receptance.weight", A, C);
  key_ = att.matrix("key.weight", A, C);
  value_ = att.matrix("value.weight", A, C);
  gate_ = att.matrix("gate.weight", A, C);
  ln_x_ = att.norm("ln_x", A);
  output_ = att.matrix("output.weight", C, A);
}

// Data-dependent token shift, d = x' − x with x' the row before:
//   z   = tanh((x + d ⊙ maa_x)ᵀ time_maa_w1)                      five segments z_f
//   x_f = x + d ⊙ (maa_f + z_fᵀ time_maa_w2[f])                   f = w, k, v, r, g
Rwkv6Layer::MixedRows Rwkv6Layer::mixed_rows(Pass& pass, const ShiftedRows& x) const {
  const size_t n = pass.n_rows(), C = info_.n_embd;
  auto& s = pass.scratch;
  const auto xx = s.matrix(n, C), z = s.matrix(n, kMixed * mix_rank_);
  multiply(pass, {{&maa_w1_, x.mixed_from_now(maa_x_, xx), z}});
  for_rows(pass, z.cols, [&](size_t row) { tanh_of(z.row(row), z.row(row)); });
  MixedRows mixed;
  std::vector<MatmulJob> jobs;
  for (size_t i = 0; i < kMixed; ++i) {
    const auto more = s.matrix(n, C);
    jobs.emplace_back(&maa_w2_[i], z.cols_at(i * mix_rank_, mix_rank_), more);
    mixed[i] = {more, [this, &x, i, more](size_t row, std::span<float> out) {
                  interpolate_sum(x.now(row), x.before(row), maa_[i], more.row(row), out);
                }};
  }
  multiply(pass, jobs);
  return mixed;
}

//   r = W_r x_r   k = W_k x_k   v = W_v x_v   g = W_g x_g
//   w = exp(−exp(time_decay + tanh(x_wᵀ time_decay_w1)ᵀ time_decay_w2))
//   x += W_o (GroupNorm(wkv(r, k, v, w)) ⊙ silu(g))
void Rwkv6Layer::time_mix(Pass& pass) const {
  const size_t n = pass.n_rows(), A = info_.n_att;
  const auto x = shifted_rows(pass, ln1_.weights(kLayerNormEps), kAttX);
  const MixedRows mixed = mixed_rows(pass, x);
  auto& s = pass.scratch;
  const auto kept = [&] { return pass.kept().matrix(n, A); };
  const auto r = kept(), k = kept(), v = kept(), w = kept(), y = kept(), g = s.matrix(n, A),
             z = s.matrix(n, decay_rank_);
  multiply(pass, {{&receptance_, mixed[kR], r},
                  {&key_, mixed[kK], k},
                  {&value_, mixed[kV], v},
                  {&gate_, mixed[kG], g},
                  {&decay_w1_, mixed[kW], z}});
  const auto tanh_of_z = [&](size_t row, std::span<float> out) { tanh_of(z.row(row), out); };
  multiply(pass, {{&decay_w2_, LazyRows{z, tanh_of_z}, w}});
  pass.on_replay([=, this, layer = pass.layer](const ReplayedRows& at) {
    const auto of = [&](MatSpan<float> m) { return m.rows_at(at.first_row, at.n_rows); };
    wkv5({of(r), of(k), of(v), of(w), bonus_}, info_.head_size, at.state->part(layer, kS), of(y));
  });
  for_heads(pass, info_, [&](const HeadRows& at) {
    const auto decay = at.part(w), out = at.part(y), gate = at.part(g);
    for (size_t t = 0; t < at.n_rows; ++t) decay6(at.part(decay_), decay.row(t), decay.row(t));
    wkv5({at.part(r), at.part(k), at.part(v), decay, at.part(bonus_)}, info_.head_size, at.S, out);
    const NormWeights norm = head_norm(ln_x_, info_, at);
    for (size_t t = 0; t < at.n_rows; ++t) {
      normalize(out.row(t), norm, out.row(t));
      silu_times(gate.row(t), out.row(t), out.row(t));
    }
  });
  multiply(pass, {{&output_, y, pass.x, Store::kAdd}});
}

bool recognises(const TensorFile& file) { return file.find("blocks.0.att.time_maa_x") != nullptr; }

void read_info(const TensorFile& file, ModelInfo& info) {
  info.version = "6";
  info.reason = "blocks.0.att has time_maa_x";
  read_heads(file, dimension(file, "blocks.0.att.time_faaaa", 0), info);
  info.ranks = {{"mix", dimension(file, "blocks.0.att.time_maa_w1", 1) / kMixed},
                {"decay", dimension(file, "blocks.0.att.time_decay_w1", 1)}};
}

std::unique_ptr<Layer> make_layer(const WeightReader& block, const ModelInfo& info, size_t /*layer*/) {
  return std::make_unique<Rwkv6Layer>(block, info);
}

constexpr auto kOwnTensors = std::to_array<TensorRole>({
    {"att.time_maa_x"},
    {"att.time_maa_w"},
    {"att.time_maa_k"},
    {"att.time_maa_v"},
    {"att.time_maa_r"},
    {"att.time_maa_g"},
    {"att.time_maa_w1", Role::kLowRank},
    {"att.time_maa_w2", Role::kLowRankStack},
    {"att.time_decay"},
    {"att.time_decay_w1", Role::kLowRank},
    {"att.time_decay_w2", Role::kLowRank},
    {"att.time_faaaa"},
    {"att.time_state"},
    {"att.gate.weight", Role::kMatrix},
    {"att.ln_x.weight"},
    {"att.ln_x.bias"},
    {"ffn.time_maa_k"},
    {"ffn.time_maa_r"},
    {"ffn.receptance.weight", Role::kMatrix},
});
constexpr auto kLayerTensors = joined(kLayerTensorsOfAll, kOwnTensors);

}  // namespace

const Architecture kRwkv6{"RWKV-6", recognises, read_info, head_state_parts, make_layer, kLayerTensors};

}  // namespace rwkv
