// An RWKV model of any version, ready to run.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/mapped_file.h"
#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "model/model_info.h"
#include "model/state.h"

namespace rwkv {

class TensorFile;

// The next tokens of one sequence. forward() advances *state past these tokens.
struct Segment {
  std::span<const TokenId> tokens;
  State* state;
  bool wants_logits = true;  // false: no logits for this segment, whatever `which` says
  // Gives logits for all rows of this segment, whatever `which` says, and leaves *state unchanged; advance()
  // changes it later. Previewed segments come first in a batch, with at most kRowsOfPass tokens together.
  bool preview = false;
};

// The next n_tokens of a previewed segment, given by its index in the batch, after those advanced before.
struct Advance {
  size_t segment, n_tokens;
};

// The rows that get logits: the head is multiplied for these rows only.
enum class LogitRows { kNone, kLast, kAll };  // of each segment

// A token of a batch: the index of its segment, and its index in the segment.
struct BatchRow {
  size_t segment, token;

  bool operator==(const BatchRow&) const = default;
};

// The tokens that one pass over the weights has read, and their wanted logits: one row for each of `rows`.
struct PassLogits {
  size_t n_tokens;
  std::span<const BatchRow> rows;
  MatSpan<const float> logits;
};

// Scratch memory and threads for forward(); keep one for each thread that calls it.
class Workspace {
 public:
  explicit Workspace(size_t n_threads);
  Workspace(Workspace&&) noexcept;
  ~Workspace();
  ThreadPool& pool();

 private:
  friend class Model;
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

struct LoadOptions {
  FileAccess access = FileAccess::kMap;      // kCopy: private memory in huge pages, faster to read from
  std::optional<float> group_norm_eps = {};  // replaces the version's own
  size_t n_threads = 1;                      // for making tensors that cannot be used in place
  StopPredicate stop = {};                   // ends the wait for a model that comes through a pipe
};

// Tensors that were gathered, computed or quantised at load, since the file holds them in another form.
struct MadeAtLoad {
  size_t n_tensors = 0;
  uint64_t bytes = 0;
};

// Rows that share one pass over the weights: enough for the arithmetic to outweigh reading the weights, few
// enough for the rows to stay in the second-level cache; a multiple of kRowsAtOnce (kernels/matmul/matmul.h).
// Does not change results.
constexpr size_t kRowsOfPass = 96;

struct ModelCheck {
  ModelInfo info;
  std::optional<std::string> warning;  // as Model::warning()
};

// Immutable after load; threads share it freely. Weights are used in the mapped file, in the dtype they are
// stored in.
class Model {
 public:
  // Error, its message beginning with the path: not a checkpoint, not RWKV, an unsupported relative, a tensor
  // that is missing, unused by the version, or of the wrong shape or dtype, weights that are not finite, or
  // all zero where zeros make no sense.
  static Model load(const std::filesystem::path& path, const LoadOptions& options = {});
  Model(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const;
  const TensorFile& file() const;
  MadeAtLoad made_at_load() const;
  std::optional<std::string> warning() const;  // about matrices of zeros, without the path
  State initial_state() const;                 // tuned, when the file holds time_state tensors

  // Runs every segment's tokens; the segments of a batch share each pass over the weights. Segments may
  // differ in length, but not be empty; no two may share a state. `logits` has n_vocab columns and one row
  // for each row that `which` asks for, in order of the segments. The bits of logits and states do not depend
  // on the batch, the neighbours, the split into calls, or the threads. Every token must be below
  // info().n_vocab (asserted: callers check their input).
  void forward(std::span<const Segment> batch, LogitRows which, MatSpan<float> logits,
               Workspace& workspace) const;
  // The same with the logits of only one pass in memory: calls on_pass() with each pass's logits, in order;
  // they are valid during the call. on_pass() may throw to end the run.
  void forward(std::span<const Segment> batch, LogitRows which,
               const std::function<void(const PassLogits&)>& on_pass, Workspace& workspace) const;

  // Advances the states of segments that the last forward() with this workspace previewed past the given
  // tokens: to the bits that forward() of just these tokens leaves. Costs a pass over the states and none
  // over the weights. The states must not have moved in memory.
  void advance(std::span<const Advance> segments, Workspace& workspace) const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the file has any of the tensors that only models have; others may be missing.
bool holds_model(const TensorFile& file);

// Checks the file as Model::load() does, with the same errors, but makes no tensor and no state.
ModelCheck check_model(const TensorFile& file);

}  // namespace rwkv
