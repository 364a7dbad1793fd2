#include "model/layer_walk.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <vector>

#include "model/network.h"

namespace rwkv {
namespace {

// [rows, cols] uninitialised floats: pages that no version writes take no memory.
struct Rows {
  std::unique_ptr<float[]> floats;
  size_t cols;

  Rows(size_t n_rows, size_t n_cols) : floats(new float[n_rows * n_cols]), cols(n_cols) {}
  MatSpan<float> at(size_t first, size_t count) const { return {floats.get() + first * cols, count, cols}; }
};

}  // namespace

struct LayerWalk::Impl {
  Network network;
  std::vector<TokenId> tokens;
  ThreadPool& pool;
  Scratch scratch;
  State state;
  Rows x, v_first;                    // the residual, [tokens, C]; [tokens, A]
  std::vector<uint32_t> sequence_of;  // of a pass
  std::vector<size_t> all_rows;
  size_t next = 0;  // the layer, or the head

  Impl(const TensorFile& file, std::span<const TokenId> text, ThreadPool& threads)
      : network(file, {.n_threads = threads.size()}, false),
        tokens(text.begin(), text.end()),
        pool(threads),
        state(network.initial),
        x(text.size(), network.info.n_embd),
        v_first(text.size(), network.info.n_att),
        sequence_of(kRowsOfPass, 0),
        all_rows(kRowsOfPass) {
    std::iota(all_rows.begin(), all_rows.end(), size_t{0});
    for_each_pass([&](Pass& pass) { network.embed(pass); }, [](size_t, size_t) {});
  }

  template <class Body>
  void for_each_pass(const Body& body, const OnRows& on_rows) {
    for (size_t first = 0; first < tokens.size(); first += kRowsOfPass) {
      const size_t n = std::min(kRowsOfPass, tokens.size() - first);
      const SequenceRows rows{0, n, &state};
      scratch.reset();
      Pass pass{x.at(first, n),
                std::span(&rows, 1),
                std::span(sequence_of).first(n),
                std::span(tokens).subspan(first, n),
                scratch,
                pool,
                next};
      pass.v_first = v_first.at(first, n);
      body(pass);
      on_rows(first + n, tokens.size());
    }
  }

  // The residual at the entry of the first layer. Computing it again is cheaper than keeping it.
  MatSpan<const float> embedded(Pass& pass) const {
    Pass again = pass;
    again.x = scratch_rows(pass);
    network.embed(again);
    return again.x;
  }
  static MatSpan<float> scratch_rows(Pass& pass) { return pass.scratch.matrix(pass.n_rows(), pass.x.cols); }
};

LayerWalk::LayerWalk(const TensorFile& file, std::span<const TokenId> tokens, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(file, tokens, pool)) {}
LayerWalk::~LayerWalk() = default;
size_t LayerWalk::n_layers() const { return impl_->network.layers.size(); }

void LayerWalk::step(const OnProduct& on_product, const OnRows& on_rows) {
  Impl& walk = *impl_;
  const Network& network = walk.network;
  assert(walk.next <= n_layers());
  const ProductObserver observer = [&](std::span<const MatmulJob> jobs) {
    for (const MatmulJob& job : jobs) {
      const auto found = network.loaded.by_bytes.find(job.w->bytes.data());
      if (found != network.loaded.by_bytes.end()) on_product({*found->second, *job.w, job.x, job.y});
    }
  };
  const auto pass_layer = [&](Pass& pass) {
    pass.observer = &observer;
    pass.embedded = walk.embedded(pass);
    network.layers[walk.next]->forward(pass);
  };
  const auto pass_head = [&](Pass& pass) {
    pass.observer = &observer;
    network.write_logits(pass, std::span(walk.all_rows).first(pass.n_rows()),
                         pass.scratch.matrix(pass.n_rows(), network.info.n_vocab));
  };
  walk.next < n_layers() ? walk.for_each_pass(pass_layer, on_rows) : walk.for_each_pass(pass_head, on_rows);
  ++walk.next;
}

}  // namespace rwkv
