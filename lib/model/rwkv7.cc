// RWKV-7 "Goose": Peng et al. 2025, "RWKV-7 'Goose' with Expressive Dynamic State Evolution".
#include <array>

#include "core/joined.h"
#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/wkv7.h"
#include "model/architecture.h"
#include "model/channel_mix7.h"
#include "model/heads.h"
#include "model/token_shift.h"

namespace rwkv {
namespace {

// Two low-rank matrices, and the vector that is added to their product.
struct LowRank {
  Matrix down, up;          // C → D, D → A
  std::vector<float> base;  // [A]; empty for the gate
};

class Rwkv7Layer final : public Layer {
 public:
  Rwkv7Layer(const WeightReader& block, const ModelInfo& info, size_t layer);
  void forward(Pass& pass) const override {
    time_mix(pass);
    channel_mix_.forward(pass, kFfnX);
  }

 private:
  struct Rows;
  Rows project(Pass& pass) const;
  void prepare(const Rows& rows, MatSpan<float> v_first, const HeadRows& at) const;
  void finish(const Rows& rows, const HeadRows& at) const;
  void time_mix(Pass& pass) const;

  ModelInfo info_;
  bool is_first_;                                         // layer 0 makes v_first
  Norm ln1_;                                              // [C]
  std::vector<float> x_r_, x_w_, x_k_, x_v_, x_a_, x_g_;  // [C]
  LowRank w_, a_, v_, g_;                                 // decay, in-context rate, value mix, gate
  std::vector<float> k_k_, k_a_, r_k_;                    // [A]
  Matrix receptance_, key_, value_;                       // [A, C]
  Norm ln_x_;                                             // [A]
  Matrix output_;                                         // [C, A]
  ChannelMix7 channel_mix_;
};

LowRank read_low_rank(const WeightReader& att, std::string_view letter, size_t rank, const ModelInfo& info) {
  const std::string name(letter);
  LowRank low{att.low_rank(name + "1", info.n_embd, rank), att.low_rank(name + "2", rank, info.n_att), {}};
  if (name != "g") low.base = att.vector(name + "0", info.n_att);
  return low;
}

Rwkv7Layer::Rwkv7Layer(const WeightReader& block, const ModelInfo& info, size_t layer)
    : info_(info), is_first_(layer == 0), channel_mix_(block, info) {
  const size_t C = info.n_embd, A = info.n_att;
  const auto att = block.under("att.");
  ln1_ = block.norm("ln1", C);
  x_r_ = att.vector("x_r", C);
  x_w_ = att.vector("x_w", C);
  x_k_ = att.vector("x_k", C);
  x_v_ = att.vector("x_v", C);
  x_a_ = att.vector("x_a", C);
  x_g_ = att.vector("x_g", C);
  w_ = read_low_rank(att, "w", info.rank("decay"), info);
  a_ = read_low_rank(att, "a", info.rank("rate"), info);
  g_ = read_low_rank(att, "g", info.rank("gate"), info);
  if (!is_first_) v_ = read_low_rank(att, "v", info.rank("value"), info);
  k_k_ = att.vector("k_k", A);
  k_a_ = att.vector("k_a", A);
  r_k_ = att.vector("r_k", A);
  receptance_ = att.matrix("receptance.weight", A, C);
  key_ = att.matrix("key.weight", A, C);
  value_ = att.matrix("value.weight", A, C);
  ln_x_ = att.norm("ln_x", A);
  output_ = att.matrix("output.weight", C, A);
}

// The projections of a pass's rows, [rows, A] each; w, a and v_mix without base and sigmoid.
struct Rwkv7Layer::Rows {
  MatSpan<float> r, w, k, v, a, g, v_mix, kappa, b, y;
};

// d = x' − x with x' the row before; for f = r, w, k, v, a, g:
//   x_f = x + d ⊙ x_f-parameter
//   r = W_r x_r   k = W_k x_k   v = W_v x_v
//   w = tanh(x_wᵀ w1)ᵀ w2   a = (x_aᵀ a1)ᵀ a2   g = σ(x_gᵀ g1)ᵀ g2   v_mix = (x_vᵀ v1)ᵀ v2
Rwkv7Layer::Rows Rwkv7Layer::project(Pass& pass) const {
  const size_t n = pass.n_rows(), C = info_.n_embd;
  const auto x = shifted_rows(pass, ln1_.weights(kLayerNormEps), kAttX);
  auto& s = pass.scratch;
  const auto matrix = [&](size_t cols) { return s.matrix(n, cols); };
  const auto kept = [&] { return pass.kept().matrix(n, info_.n_att); };
  const auto mixed = [&](const auto& weight) { return x.mixed_from_now(weight, matrix(C)); };
  Rows rows;
  for (auto* m : {&rows.r, &rows.w, &rows.k, &rows.v, &rows.kappa, &rows.b, &rows.y}) *m = kept();
  for (auto* m : {&rows.a, &rows.g, &rows.v_mix}) *m = matrix(info_.n_att);
  const auto zw = matrix(w_.down.rows), za = matrix(a_.down.rows), zg = matrix(g_.down.rows),
             zv = matrix(v_.down.rows);
  const MatmulJob down[] = {{&receptance_, mixed(x_r_), rows.r}, {&key_, mixed(x_k_), rows.k},
                            {&value_, mixed(x_v_), rows.v},      {&w_.down, mixed(x_w_), zw},
                            {&a_.down, mixed(x_a_), za},         {&g_.down, mixed(x_g_), zg},
                            {&v_.down, mixed(x_v_), zv}};
  multiply(pass, std::span(down, is_first_ ? 6 : 7));
  const LazyRows tanh_zw{zw, [&](size_t row, std::span<float> out) { tanh_of(zw.row(row), out); }};
  const LazyRows sigmoid_zg{zg, [&](size_t row, std::span<float> out) { sigmoid_of(zg.row(row), out); }};
  const MatmulJob up[] = {{&w_.up, tanh_zw, rows.w},
                          {&a_.up, za, rows.a},
                          {&g_.up, sigmoid_zg, rows.g},
                          {&v_.up, zv, rows.v_mix}};
  multiply(pass, std::span(up, is_first_ ? 3 : 4));
  return rows;
}

// The inputs of wkv:
//   w ← exp(−e^(−1/2) σ(w0 + w))   a ← σ(a0 + a)   v ← v + (v_first − v) ⊙ σ(v0 + v_mix)
//   κ = unit(k ⊙ k_k)   k ← k ⊙ (1 + (a − 1) ⊙ k_a)   b = κ ⊙ a
void Rwkv7Layer::prepare(const Rows& rows, MatSpan<float> v_first, const HeadRows& at) const {
  for (size_t t = 0; t < at.n_rows; ++t) {
    const auto part = [&](MatSpan<float> m) { return at.part(m).row(t); };
    const auto w = part(rows.w), k = part(rows.k), v = part(rows.v), a = part(rows.a),
               kappa = part(rows.kappa), first = part(v_first);
    decay7(at.part(w_.base), w, w);
    sigmoid_of_sum(at.part(a_.base), a, a);
    if (is_first_) {
      for (size_t i = 0; i < v.size(); ++i) first[i] = v[i];  // std::copy: g++ warns of an impossible size
    } else {
      sigmoid_of_sum(at.part(v_.base), part(rows.v_mix), part(rows.v_mix));
      interpolate(v, first, part(rows.v_mix), v);
    }
    removal_key7(k, at.part(k_k_), info_.head_size, kappa);
    replacement_key7(a, at.part(k_a_), k);
    multiply(kappa, a, part(rows.b));
  }
}

// The output of wkv: y ← (GroupNorm(y) + (r·(k ⊙ r_k)) v) ⊙ g
void Rwkv7Layer::finish(const Rows& rows, const HeadRows& at) const {
  const NormWeights norm = head_norm(ln_x_, info_, at);
  for (size_t t = 0; t < at.n_rows; ++t) {
    const auto part = [&](MatSpan<float> m) { return at.part(m).row(t); };
    const auto y = part(rows.y);
    normalize(y, norm, y);
    add_bonus7(part(rows.r), part(rows.k), part(rows.v), at.part(r_k_), info_.head_size, y);
    multiply(y, part(rows.g), y);
  }
}

void Rwkv7Layer::time_mix(Pass& pass) const {
  const Rows rows = project(pass);
  pass.on_replay([rows, layer = pass.layer, N = info_.head_size](const ReplayedRows& at) {
    const auto of = [&](MatSpan<float> m) { return m.rows_at(at.first_row, at.n_rows); };
    const Wkv7Input in{of(rows.r), of(rows.w), of(rows.k), of(rows.v), of(rows.kappa), of(rows.b)};
    wkv7(in, N, at.state->part(layer, kS), of(rows.y));
  });
  for_heads(pass, info_, [&](const HeadRows& at) {
    prepare(rows, pass.v_first, at);
    const Wkv7Input in{at.part(rows.r), at.part(rows.w),     at.part(rows.k),
                       at.part(rows.v), at.part(rows.kappa), at.part(rows.b)};
    wkv7(in, info_.head_size, at.S, at.part(rows.y));
    finish(rows, at);
  });
  multiply(pass, {{&output_, rows.y, pass.x, Store::kAdd}});
}

bool recognises(const TensorFile& file) { return file.find("blocks.0.att.r_k") != nullptr; }

void read_info(const TensorFile& file, ModelInfo& info) {
  const bool deep_embed = file.find("blocks.0.ffn.s_emb.weight") != nullptr;
  info.version = deep_embed ? "7a" : "7";
  info.reason = deep_embed ? "blocks.0.att has r_k, blocks.0.ffn has s_emb" : "blocks.0.att has r_k";
  read_heads(file, dimension(file, "blocks.0.att.r_k", 0), info);
  info.ranks = {{"decay", dimension(file, "blocks.0.att.w1", 1)},
                {"rate", dimension(file, "blocks.0.att.a1", 1)},
                {"gate", dimension(file, "blocks.0.att.g1", 1)}};
  // Block 0 may have no v0, v1 and v2; they are never read.
  if (info.n_layers > 1) info.ranks.emplace_back("value", dimension(file, "blocks.1.att.v1", 1));
  if (deep_embed) info.ranks.emplace_back("deep_embed", dimension(file, "blocks.0.ffn.s1", 1));
}

std::unique_ptr<Layer> make_layer(const WeightReader& block, const ModelInfo& info, size_t layer) {
  return std::make_unique<Rwkv7Layer>(block, info, layer);
}

constexpr auto kOwnTensors = std::to_array<TensorRole>({
    {"att.x_r"},
    {"att.x_w"},
    {"att.x_k"},
    {"att.x_v"},
    {"att.x_a"},
    {"att.x_g"},
    {"att.w0"},
    {"att.w1", Role::kLowRank},
    {"att.w2", Role::kLowRank},
    {"att.a0"},
    {"att.a1", Role::kLowRank},
    {"att.a2", Role::kLowRank},
    {"att.v0", Role::kVector, true},
    {"att.v1", Role::kLowRank, true},
    {"att.v2", Role::kLowRank, true},
    {"att.g1", Role::kLowRank},
    {"att.g2", Role::kLowRank},
    {"att.k_k"},
    {"att.k_a"},
    {"att.r_k"},
    {"att.time_state"},
    {"att.ln_x.weight"},
    {"att.ln_x.bias"},
    {"ffn.x_k"},
    {"ffn.s0"},
    {"ffn.s1", Role::kLowRank},
    {"ffn.s2", Role::kLowRank},
    {"ffn.s_emb.weight", Role::kTable},
    {"ffn.s_emb_x.weight", Role::kWide},
});
constexpr auto kLayerTensors = joined(kLayerTensorsOfAll, kOwnTensors);

}  // namespace

const Architecture kRwkv7{"RWKV-7", recognises, read_info, head_state_parts, make_layer, kLayerTensors};

}  // namespace rwkv
