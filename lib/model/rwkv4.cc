// RWKV-4 "Dove": Peng et al. 2023, "RWKV: Reinventing RNNs for the Transformer Era".
#include <array>

#include "core/joined.h"
#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/wkv4.h"
#include "model/architecture.h"
#include "model/gated_channel_mix.h"
#include "model/token_shift.h"

namespace rwkv {
namespace {

enum Part : size_t { kAttX, kAa, kBb, kPp, kFfnX };

class Rwkv4Layer final : public Layer {
 public:
  Rwkv4Layer(const WeightReader& block, const ModelInfo& info);
  void forward(Pass& pass) const override {
    time_mix(pass);
    channel_mix_.forward(pass, kFfnX);
  }

 private:
  void time_mix(Pass& pass) const;
  void run_wkv(Pass& pass, MatSpan<const float> k, MatSpan<const float> v, MatSpan<float> wkv) const;

  Norm ln1_;                                  // [C]
  std::vector<float> mix_k_, mix_v_, mix_r_;  // [C]
  std::vector<float> decay_, bonus_;          // [A] w = −exp(time_decay), u = time_first
  Matrix key_, value_, receptance_;           // [A, C]
  Matrix output_;                             // [C, A]
  GatedChannelMix channel_mix_;
};

// w = −exp(time_decay): the logarithm of the factor by which a channel's memory fades each token.
std::vector<float> read_decay(const WeightReader& att, size_t n) {
  auto decay = att.vector("time_decay", n);
  exp_of(decay, decay);
  for (float& w : decay) w = -w;
  return decay;
}

Rwkv4Layer::Rwkv4Layer(const WeightReader& block, const ModelInfo& info)
    : channel_mix_(block, info, GatedChannelMix::Mix::kOfThisRow) {
  const size_t C = info.n_embd, A = info.n_att;
  const auto att = block.under("att.");
  ln1_ = block.norm("ln1", C);
  mix_k_ = att.vector("time_mix_k", C);
  mix_v_ = att.vector("time_mix_v", C);
  mix_r_ = att.vector("time_mix_r", C);
  decay_ = read_decay(att, A);
  bonus_ = att.vector("time_first", A);
  key_ = att.matrix("key.weight", A, C);
  value_ = att.matrix("value.weight", A, C);
  receptance_ = att.matrix("receptance.weight", A, C);
  output_ = att.matrix("output.weight", C, A);
}

// x' is the row before:
//   r = σ(W_r (x⊙m_r + x'⊙(1−m_r)))   k, v alike without σ
//   x += W_o (r ⊙ wkv(k, v))
void Rwkv4Layer::time_mix(Pass& pass) const {
  const size_t n = pass.n_rows(), C = pass.x.cols, A = decay_.size();
  const auto x = shifted_rows(pass, ln1_.weights(kLayerNormEps), kAttX);
  auto& s = pass.scratch;
  const auto mixed = [&](const auto& weight) { return x.mixed_from_before(weight, s.matrix(n, C)); };
  const auto kept = [&] { return pass.kept().matrix(n, A); };
  const auto k = kept(), v = kept(), wkv = kept(), r = s.matrix(n, A);
  multiply(pass, {{&key_, mixed(mix_k_), k}, {&value_, mixed(mix_v_), v}, {&receptance_, mixed(mix_r_), r}});
  pass.on_replay([=, this, layer = pass.layer](const ReplayedRows& at) {
    const Wkv4State state{at.state->part(layer, kAa), at.state->part(layer, kBb), at.state->part(layer, kPp)};
    for (size_t row = at.first_row; row < at.first_row + at.n_rows; ++row)
      wkv4(decay_, bonus_, k.row(row), v.row(row), state, wkv.row(row));
  });
  run_wkv(pass, k, v, wkv);
  const auto gate = [&](size_t row, std::span<float> out) { sigmoid_times(r.row(row), wkv.row(row), out); };
  multiply(pass, {{&output_, LazyRows{wkv, gate}, pass.x, Store::kAdd}});
}

// Channels are independent, rows of a sequence are not: threads divide channels.
void Rwkv4Layer::run_wkv(Pass& pass, MatSpan<const float> k, MatSpan<const float> v,
                         MatSpan<float> wkv) const {
  constexpr size_t kExpCost = 16;  // a channel's work in plain elements
  const size_t grain = std::max<size_t>(16, kParallelElements / kExpCost / pass.n_rows() / 16 * 16);
  const WorkingState aa(pass, kAa), bb(pass, kBb), pp(pass, kPp);
  pass.pool.for_ranges(wkv.cols, grain, [&](size_t begin, size_t end) {
    const auto part = [&](auto span) { return span.subspan(begin, end - begin); };
    for (size_t s = 0; s < pass.sequences.size(); ++s) {
      const auto state_of = [&](const WorkingState& all) { return all.take(s, begin, end - begin); };
      const Wkv4State state{state_of(aa), state_of(bb), state_of(pp)};
      const auto& sequence = pass.sequences[s];
      for (size_t row = sequence.first_row; row < sequence.first_row + sequence.n_rows; ++row) {
        wkv4(part(std::span(decay_)), part(std::span(bonus_)), part(k.row(row)), part(v.row(row)), state,
             part(wkv.row(row)));
      }
    }
  });
}

bool recognises(const TensorFile& file) {
  return file.find("blocks.0.att.time_first") != nullptr && file.find("blocks.0.att.ln_x.weight") == nullptr;
}

void read_info(const TensorFile&, ModelInfo& info) {
  info.version = "4";
  info.reason = "blocks.0.att has time_first and no ln_x";
}

std::vector<StatePart> state_parts(const ModelInfo& info) {
  constexpr float kNoExponentYet = -1e38f;  // −inf would make NaNs
  const Shape C{info.n_embd}, A{info.n_att};
  return {{"att_x", C}, {"aa", A}, {"bb", A}, {"pp", A, kNoExponentYet}, {"ffn_x", C}};
}

std::unique_ptr<Layer> make_layer(const WeightReader& block, const ModelInfo& info, size_t /*layer*/) {
  return std::make_unique<Rwkv4Layer>(block, info);
}

constexpr auto kOwnTensors = std::to_array<TensorRole>({
    {"att.time_mix_k"},
    {"att.time_mix_v"},
    {"att.time_mix_r"},
    {"att.time_decay"},
    {"att.time_first"},
    {"ffn.time_mix_k"},
    {"ffn.time_mix_r"},
    {"ffn.receptance.weight", Role::kMatrix},
});
constexpr auto kLayerTensors = joined(kLayerTensorsOfAll, kOwnTensors);

}  // namespace

const Architecture kRwkv4{"RWKV-4", recognises, read_info, state_parts, make_layer, kLayerTensors};

}  // namespace rwkv
