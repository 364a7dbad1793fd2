// Runs a text through a model layer by layer.
#pragma once
#include <functional>
#include <memory>
#include <span>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "core/token.h"
#include "formats/tensor_file.h"
#include "tensor/matrix.h"

namespace rwkv {

// All tokens pass one layer before the next one, so that a caller who collects the inputs of matrices needs
// memory for one layer only. Memory: one float for each token and channel; two for RWKV-7 (v_first).
class LayerWalk {
 public:
  // Products of one matrix, whose tensor is `tensor`: rows of consecutive tokens. In the end all tokens have
  // been shown. If the model adds the product to something, `outputs` holds the sum.
  struct Product {
    const TensorView& tensor;
    const Matrix& weights;
    MatSpan<const float> inputs, outputs;
  };
  using OnProduct = std::function<void(const Product&)>;             // may throw to end the walk
  using OnRows = std::function<void(size_t n_done, size_t n_rows)>;  // rows of the text; may throw, too

  // The text is one sequence from the model's initial state. `file` and `pool` must outlive this object.
  // Every token must be below the vocabulary's size (asserted). Errors as Model::load().
  LayerWalk(const TensorFile& file, std::span<const TokenId> tokens, ThreadPool& pool);
  LayerWalk(const LayerWalk&) = delete;
  LayerWalk& operator=(const LayerWalk&) = delete;
  ~LayerWalk();

  size_t n_layers() const;
  // Runs the text through the next layer; after the last layer, through the head.
  void step(const OnProduct& on_product, const OnRows& on_rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rwkv
