#include "model/model.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "kernels/matmul/matmul.h"
#include "model/network.h"
#include "model/scratch.h"

namespace rwkv {
static_assert(kRowsOfPass % kRowsAtOnce == 0, "kernels would read weights again for a few rows");

namespace {

// The rows of a batch that share a pass.
struct PassRows {
  std::vector<SequenceRows> sequences;
  std::vector<uint32_t> sequence_of;
  std::vector<TokenId> tokens;
  // The rows that get logits, in the pass and in the batch.
  std::vector<size_t> logit_rows;
  std::vector<BatchRow> batch_rows;
};

}  // namespace

struct Workspace::Buffers {
  explicit Buffers(size_t n_threads) : pool(n_threads) {}
  ThreadPool pool;
  Scratch scratch;
  PassRows rows;
  std::vector<float> logits;
  Previews previews;
  std::vector<ReplayedRows> previewed;  // for each such segment the rows that its state has not passed yet

  void begin_previews(std::span<const Segment> batch);
};

void Workspace::Buffers::begin_previews(std::span<const Segment> batch) {
  previews.rows.reset();
  previews.replays.clear();
  previewed.clear();
  size_t row = 0;
  for (const Segment& segment : batch) {
    assert(!segment.preview || previewed.size() == static_cast<size_t>(&segment - batch.data()));
    if (!segment.preview) continue;
    previewed.push_back({previewed.size(), row, segment.tokens.size(), segment.state});
    row += segment.tokens.size();
  }
  assert(row <= kRowsOfPass);
}

Workspace::Workspace(size_t n_threads) : buffers_(std::make_unique<Buffers>(n_threads)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;
ThreadPool& Workspace::pool() { return buffers_->pool; }

struct Model::Impl {
  TensorFile file;
  Network network;

  Impl(TensorFile opened, const LoadOptions& options)
      : file(std::move(opened)), network(file, options, false) {}
  void forward(const PassRows& rows, MatSpan<float> logits, Workspace::Buffers& buffers) const;
};

void Model::Impl::forward(const PassRows& rows, MatSpan<float> logits, Workspace::Buffers& buffers) const {
  auto& scratch = buffers.scratch;
  scratch.reset();
  Pass pass{scratch.matrix(rows.tokens.size(), network.info.n_embd),
            rows.sequences,
            rows.sequence_of,
            rows.tokens,
            scratch,
            buffers.pool};
  if (rows.sequences.front().preview) pass.previews = &buffers.previews;
  network.embed(pass);
  pass.embedded = network.keep_embedded(pass);
  pass.v_first = scratch.matrix(pass.n_rows(), network.info.n_att);
  const size_t mark = scratch.mark();
  for (pass.layer = 0; pass.layer < network.layers.size(); ++pass.layer) {
    scratch.reset_to(mark);
    network.layers[pass.layer]->forward(pass);
  }
  if (!rows.logit_rows.empty()) network.write_logits(pass, rows.logit_rows, logits);
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& path, const LoadOptions& options) {
  return Model(std::make_unique<Impl>(TensorFile::open(path, options.access, options.stop), options));
}

const ModelInfo& Model::info() const { return impl_->network.info; }
const TensorFile& Model::file() const { return impl_->file; }
State Model::initial_state() const { return impl_->network.initial; }
MadeAtLoad Model::made_at_load() const {
  return {impl_->network.loaded.made.size(), impl_->network.loaded.made_bytes};
}

std::optional<std::string> Model::warning() const { return zeros_warning(impl_->network.loaded); }

bool holds_model(const TensorFile& file) {
  constexpr std::array kNames = {"emb.weight", "head.weight", "blocks.0.att.key.weight",
                                 "blocks.0.ffn.key.weight"};
  return std::ranges::any_of(kNames, [&](const char* name) { return file.find(name) != nullptr; });
}

ModelCheck check_model(const TensorFile& file) {
  const Network network(file, {}, true);
  return {network.info, zeros_warning(network.loaded)};
}

namespace {

// Divides a batch's rows into passes of at most kRowsOfPass.
class PassPlan {
 public:
  PassPlan(std::span<const Segment> batch, LogitRows which) : batch_(batch), which_(which) {}

  // Fills the rows of the next pass; false when none are left.
  bool next(PassRows& rows) {
    rows.sequences.clear(), rows.sequence_of.clear(), rows.tokens.clear();
    rows.logit_rows.clear(), rows.batch_rows.clear();
    while (segment_ < batch_.size() && rows.tokens.size() < kRowsOfPass) {
      const auto rest = batch_[segment_].tokens.subspan(offset_);
      assert(!rest.empty());
      const auto part = rest.first(std::min(rest.size(), kRowsOfPass - rows.tokens.size()));
      want_logits(part.size(), part.size() == rest.size(), rows);
      rows.sequences.push_back(
          {rows.tokens.size(), part.size(), batch_[segment_].state, batch_[segment_].preview});
      rows.sequence_of.insert(rows.sequence_of.end(), part.size(),
                              static_cast<uint32_t>(rows.sequences.size() - 1));
      rows.tokens.insert(rows.tokens.end(), part.begin(), part.end());
      offset_ += part.size();
      if (offset_ == batch_[segment_].tokens.size()) ++segment_, offset_ = 0;
    }
    return !rows.tokens.empty();
  }

 private:
  // Records which of the next `count` rows get logits.
  void want_logits(size_t count, bool ends_segment, PassRows& rows) const {
    size_t n_wanted = which_ == LogitRows::kAll ? count : which_ == LogitRows::kLast && ends_segment ? 1 : 0;
    if (!batch_[segment_].wants_logits) n_wanted = 0;
    if (batch_[segment_].preview) n_wanted = count;
    for (size_t i = count - n_wanted; i < count; ++i) {
      rows.logit_rows.push_back(rows.tokens.size() + i);
      rows.batch_rows.push_back({segment_, offset_ + i});
    }
  }

  std::span<const Segment> batch_;
  LogitRows which_;
  size_t segment_ = 0, offset_ = 0;  // the next row
};

}  // namespace

void Model::forward(std::span<const Segment> batch, LogitRows which, MatSpan<float> logits,
                    Workspace& workspace) const {
  auto& b = *workspace.buffers_;
  b.begin_previews(batch);
  PassPlan plan(batch, which);
  for (size_t n_done = 0; plan.next(b.rows); n_done += b.rows.logit_rows.size())
    impl_->forward(b.rows, logits.rows_at(n_done, b.rows.logit_rows.size()), b);
}

void Model::forward(std::span<const Segment> batch, LogitRows which,
                    const std::function<void(const PassLogits&)>& on_pass, Workspace& workspace) const {
  auto& b = *workspace.buffers_;
  b.begin_previews(batch);
  for (PassPlan plan(batch, which); plan.next(b.rows);) {
    const size_t n_rows = b.rows.logit_rows.size(), n_vocab = impl_->network.info.n_vocab;
    b.logits.resize(n_rows * n_vocab);
    const MatSpan<float> logits(b.logits.data(), n_rows, n_vocab);
    impl_->forward(b.rows, logits, b);
    on_pass({b.rows.tokens.size(), b.rows.batch_rows, logits});
  }
}

void Model::advance(std::span<const Advance> segments, Workspace& workspace) const {
  auto& b = *workspace.buffers_;
  std::vector<ReplayedRows> all;
  for (const auto& [segment, n_tokens] : segments) {
    ReplayedRows& rest = b.previewed.at(segment);
    assert(n_tokens <= rest.n_rows);
    if (n_tokens == 0) continue;
    all.push_back({rest.sequence, rest.first_row, n_tokens, rest.state});
    rest.first_row += n_tokens;
    rest.n_rows -= n_tokens;
  }
  b.pool.for_ranges(b.previews.replays.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      for (const ReplayedRows& rows : all) b.previews.replays[i](rows);
    }
  });
}

}  // namespace rwkv
