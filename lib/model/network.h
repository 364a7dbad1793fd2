// The weights of a model, ready to be multiplied with.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/layer.h"
#include "model/model.h"
#include "model/weights.h"

namespace rwkv {

// The weights of a file, which must outlive this object.
struct Network {
  const Architecture& architecture;
  ModelInfo info;
  LoadedWeights loaded;
  Matrix emb, head;  // [V, C]
  Norm ln0, ln_out;  // ln0 empty: emb is normalised already
  State initial;
  std::vector<std::unique_ptr<Layer>> layers;

  // Errors as Model::load(). With check_only, no tensor and no state is made.
  Network(const TensorFile& file, const LoadOptions& options, bool check_only);
  // Writes the residual that enters the first layer.
  void embed(Pass& pass) const;
  // A copy of it, valid until the pass's scratch is reset.
  MatSpan<const float> keep_embedded(Pass& pass) const;
  void write_logits(Pass& pass, std::span<const size_t> rows, MatSpan<float> logits) const;
};

// As Model::warning().
std::optional<std::string> zeros_warning(const LoadedWeights& loaded);

}  // namespace rwkv
