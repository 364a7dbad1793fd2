#include "model/network.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "formats/naming/naming.h"
#include "kernels/matmul/matmul.h"
#include "kernels/widen.h"
#include "model/tensor_role.h"
#include "model/tuned_state.h"

namespace rwkv {
namespace {

// Whether the version has such a tensor, but does not read it here.
bool is_harmless(std::string_view tensor_name, const Architecture& architecture) {
  const LayerName name = layer_name_of(tensor_name);
  const auto found = std::ranges::find(architecture.layer_tensors, name.rest, &TensorRole::name);
  if (found == architecture.layer_tensors.end()) return false;
  return (found->unused_in_first_layer && name.layer == 0) || found->name == kTimeState;
}

void refuse_leftovers(const TensorFile& file, const LoadedWeights& loaded, const Architecture& architecture,
                      const ModelInfo& info) {
  const TensorView* first = nullptr;
  size_t n = 0;
  for (const TensorView& tensor : file.tensors()) {
    if (loaded.claimed.contains(&tensor) || is_harmless(tensor.name, architecture)) continue;
    if (n++ == 0) first = &tensor;
  }
  if (n == 0) return;
  file.fail(tensor_label(first->name) + (n > 1 ? " and " + std::to_string(n - 1) + " more are" : " is") +
            " nothing that RWKV-" + info.version + " uses (rwkv-convert --drop REGEX leaves tensors out)");
}

// Other matrices may be zero at the beginning of training.
void refuse_zeros(const TensorFile& file, const LoadedWeights& loaded) {
  for (const std::string_view name : {"emb.weight", "head.weight"}) {
    if (std::ranges::find(loaded.zero_matrices, name) != loaded.zero_matrices.end())
      file.fail(tensor_label(name) + ": " + kAllZeros);
  }
}

bool has_normalised_embedding(const TensorFile& file) {
  const auto found = file.metadata().find(kEmbeddingKey);
  return found != file.metadata().end() && found->second == kEmbeddingNormalised;
}

}  // namespace

std::optional<std::string> zeros_warning(const LoadedWeights& loaded) {
  const size_t n = loaded.zero_matrices.size();
  if (n == 0) return std::nullopt;
  return tensor_label(loaded.zero_matrices.front()) +
         (n > 1 ? " and " + std::to_string(n - 1) + " more hold" : " holds") +
         " nothing but zeros: an incomplete download?";
}

Network::Network(const TensorFile& file, const LoadOptions& options, bool check_only)
    : architecture(architecture_of(file)), info(detect_model(file)) {
  if (options.group_norm_eps && info.group_norm_eps != 0) info.group_norm_eps = *options.group_norm_eps;
  loaded.check_only = check_only;
  loaded.n_threads = options.n_threads;
  const WeightReader reader(file, loaded);
  emb = reader.table("emb.weight", info.n_vocab, info.n_embd);
  head = reader.matrix("head.weight", info.n_vocab, info.n_embd);
  if (!has_normalised_embedding(file)) ln0 = reader.norm("blocks.0.ln0", info.n_embd);
  ln_out = reader.norm("ln_out", info.n_embd);
  for (size_t i = 0; i < info.n_layers; ++i) {
    layers.push_back(architecture.make_layer(reader.under("blocks." + std::to_string(i) + "."), info, i));
  }
  refuse_leftovers(file, loaded, architecture, info);
  refuse_zeros(file, loaded);
  if (!check_only || has_tuned_state(file)) initial = State(architecture.state_parts(info), info.n_layers);
  if (has_tuned_state(file)) apply_tuned_state(file, initial);
  loaded.pool.reset();
}

// x = LN(emb[token]; ln0)
void Network::embed(Pass& pass) const {
  for_rows(pass, emb.cols, [&](size_t row) {
    widen_row(emb, pass.tokens[row], pass.x.row(row));
    if (!ln0.gain.empty()) normalize(pass.x.row(row), ln0.weights(kLayerNormEps), pass.x.row(row));
  });
}

MatSpan<const float> Network::keep_embedded(Pass& pass) const {
  const auto copy = pass.scratch.matrix(pass.n_rows(), info.n_embd);
  for_rows(pass, info.n_embd, [&](size_t row) { std::ranges::copy(pass.x.row(row), copy.row(row).begin()); });
  return copy;
}

// logits = W_head LN(x; ln_out), for the given rows only
void Network::write_logits(Pass& pass, std::span<const size_t> rows, MatSpan<float> logits) const {
  const auto normed = pass.scratch.matrix(rows.size(), info.n_embd);
  for (size_t i = 0; i < rows.size(); ++i)
    normalize(pass.x.row(rows[i]), ln_out.weights(kLayerNormEps), normed.row(i));
  multiply(pass, {{&head, normed, logits}});
}

}  // namespace rwkv
