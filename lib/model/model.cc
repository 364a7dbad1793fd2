#include "model/model.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "kernels/convert.h"
#include "kernels/matmul.h"
#include "model/architecture.h"
#include "model/layer.h"
#include "model/scratch.h"
#include "model/tuned_state.h"
#include "model/weights.h"

namespace rwkv {

struct Workspace::Buffers {
  explicit Buffers(size_t n_threads) : pool(n_threads) {}
  ThreadPool pool;
  Scratch scratch;
  std::vector<SequenceRows> sequences;
  std::vector<uint32_t> sequence_of;
  std::vector<TokenId> tokens;
};

Workspace::Workspace(size_t n_threads) : buffers_(std::make_unique<Buffers>(n_threads)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;
ThreadPool& Workspace::pool() { return buffers_->pool; }

struct Model::Impl {
  TensorFile file;
  const Architecture& architecture;
  ModelInfo info;
  OwnedTensors owned;
  Matrix emb, head;  // [V, C]
  Norm ln0, ln_out;
  State initial;
  std::vector<std::unique_ptr<Layer>> layers;

  Impl(TensorFile opened, const LoadOptions& options);
  void embed(Pass& pass) const;
  MatSpan<const float> keep_embedded(Pass& pass) const;
  void write_logits(Pass& pass, std::span<const size_t> rows, MatSpan<float> logits) const;
};

Model::Impl::Impl(TensorFile opened, const LoadOptions& options)
    : file(std::move(opened)), architecture(architecture_of(file)), info(detect_model(file)) {
  if (options.group_norm_eps && info.group_norm_eps != 0) info.group_norm_eps = *options.group_norm_eps;
  const WeightReader reader(file, owned);
  emb = reader.table("emb.weight", info.n_vocab, info.n_embd);
  head = reader.matrix("head.weight", info.n_vocab, info.n_embd);
  ln0 = reader.norm("blocks.0.ln0", info.n_embd);
  ln_out = reader.norm("ln_out", info.n_embd);
  initial = State(architecture.state_parts(info), info.n_layers);
  if (has_tuned_state(file)) apply_tuned_state(file, initial);
  for (size_t i = 0; i < info.n_layers; ++i) {
    layers.push_back(architecture.make_layer(reader.under("blocks." + std::to_string(i) + "."), info, i));
  }
}

// x = LN(emb[token]; ln0)
void Model::Impl::embed(Pass& pass) const {
  for_rows(pass, emb.cols, [&](size_t row) {
    widen_row(emb, pass.tokens[row], pass.x.row(row));
    normalize(pass.x.row(row), ln0.weights(kLayerNormEps), pass.x.row(row));
  });
}

MatSpan<const float> Model::Impl::keep_embedded(Pass& pass) const {
  const auto copy = pass.scratch.matrix(pass.n_rows(), info.n_embd);
  for_rows(pass, info.n_embd, [&](size_t row) { std::ranges::copy(pass.x.row(row), copy.row(row).begin()); });
  return copy;
}

// logits = W_head LN(x; ln_out), for the given rows only
void Model::Impl::write_logits(Pass& pass, std::span<const size_t> rows, MatSpan<float> logits) const {
  const auto normed = pass.scratch.matrix(rows.size(), info.n_embd);
  for (size_t i = 0; i < rows.size(); ++i)
    normalize(pass.x.row(rows[i]), ln_out.weights(kLayerNormEps), normed.row(i));
  matmul({{&head, normed, logits}}, pass.pool);
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& path, const LoadOptions& options) {
  return Model(std::make_unique<Impl>(TensorFile::open(path, options.access), options));
}

const ModelInfo& Model::info() const { return impl_->info; }
const TensorFile& Model::file() const { return impl_->file; }
State Model::initial_state() const { return impl_->initial; }

namespace {

// Walks over a batch's rows in passes of at most kRowsOfPass.
class PassPlan {
 public:
  PassPlan(std::span<const Segment> batch, LogitRows which) : batch_(batch), which_(which) {}

  // Fills the rows of the next pass; false when none are left.
  bool next(std::vector<SequenceRows>& sequences, std::vector<uint32_t>& sequence_of,
            std::vector<TokenId>& tokens) {
    sequences.clear(), sequence_of.clear(), tokens.clear(), logit_rows_.clear();
    while (segment_ < batch_.size() && tokens.size() < kRowsOfPass) {
      const auto rest = batch_[segment_].tokens.subspan(offset_);
      assert(!rest.empty());
      const auto part = rest.first(std::min(rest.size(), kRowsOfPass - tokens.size()));
      want_logits(tokens.size(), part.size(), part.size() == rest.size());
      sequences.push_back({tokens.size(), part.size(), batch_[segment_].state});
      sequence_of.insert(sequence_of.end(), part.size(), static_cast<uint32_t>(sequences.size() - 1));
      tokens.insert(tokens.end(), part.begin(), part.end());
      offset_ += part.size();
      if (offset_ == batch_[segment_].tokens.size()) ++segment_, offset_ = 0;
    }
    return !tokens.empty();
  }

  // The rows of the last filled pass whose logits are wanted.
  std::span<const size_t> logit_rows() const { return logit_rows_; }

 private:
  void want_logits(size_t first, size_t count, bool ends_segment) {
    if (!batch_[segment_].wants_logits) return;
    if (which_ == LogitRows::kAll) {
      for (size_t i = 0; i < count; ++i) logit_rows_.push_back(first + i);
    } else if (which_ == LogitRows::kLast && ends_segment) {
      logit_rows_.push_back(first + count - 1);
    }
  }

  std::span<const Segment> batch_;
  LogitRows which_;
  std::vector<size_t> logit_rows_;
  size_t segment_ = 0, offset_ = 0;  // the next row
};

}  // namespace

void Model::forward(std::span<const Segment> batch, LogitRows which, MatSpan<float> logits,
                    Workspace& workspace) const {
  auto& b = *workspace.buffers_;
  PassPlan plan(batch, which);
  for (size_t logits_done = 0; plan.next(b.sequences, b.sequence_of, b.tokens);) {
    b.scratch.reset();
    Pass pass{b.scratch.matrix(b.tokens.size(), impl_->info.n_embd),
              b.sequences,
              b.sequence_of,
              b.tokens,
              b.scratch,
              b.pool};
    impl_->embed(pass);
    pass.embedded = impl_->keep_embedded(pass);
    pass.v_first = b.scratch.matrix(pass.n_rows(), impl_->info.n_att);
    const size_t mark = b.scratch.mark();
    for (pass.layer = 0; pass.layer < impl_->layers.size(); ++pass.layer) {
      b.scratch.reset_to(mark);
      impl_->layers[pass.layer]->forward(pass);
    }
    const auto rows = plan.logit_rows();
    if (!rows.empty()) impl_->write_logits(pass, rows, logits.rows_at(logits_done, rows.size()));
    logits_done += rows.size();
  }
}

}  // namespace rwkv
