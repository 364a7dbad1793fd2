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

// The next tokens of one sequence. forward() advances *state past them.
struct Segment {
  std::span<const TokenId> tokens;
  State* state;
  bool wants_logits = true;  // false: of none of its rows
  // Logits are wanted of all its rows, whatever is asked for others, and *state stays as it was; advance()
  // moves it. Previewed segments come first in a batch and have no more than kRowsOfPass tokens together.
  bool preview = false;
};

// Some tokens of a previewed segment, by its index in the batch: those that follow the ones named before.
struct Advance {
  size_t segment, n_tokens;
};

// For which rows logits are wanted: the head's matmul is paid only for them.
enum class LogitRows { kNone, kLast, kAll };  // of each segment

// A token of a batch: its segment's index, and its own in that segment.
struct BatchRow {
  size_t segment, token;

  bool operator==(const BatchRow&) const = default;
};

// What one pass over the weights has read, and the logits that are wanted of it: one row for each of `rows`.
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
  std::optional<float> group_norm_eps = {};  // instead of the version's own
  size_t n_threads = 1;                      // that make the tensors that cannot be used where they lie
  StopPredicate stop = {};                   // ends the wait for a model that comes through a pipe
};

// Tensors that do not lie in the file as they are used: gathered, computed, or quantised anew.
struct MadeAtLoad {
  size_t n_tensors = 0;
  uint64_t bytes = 0;
};

// Rows that share one pass over the weights: enough for the arithmetic to outweigh reading them, few enough
// for the rows to stay in the second-level cache; a multiple of kRowsAtOnce (kernels/matmul/matmul.h). Has no
// effect on results.
constexpr size_t kRowsOfPass = 96;

struct ModelCheck {
  ModelInfo info;
  std::optional<std::string> warning;  // as Model::warning()
};

// Immutable after load, shared freely between threads. The weights stay where the file is mapped, in the
// dtype they are stored in.
class Model {
 public:
  // Error, its message beginning with the path: not a checkpoint, not RWKV, an unsupported relative of it, a
  // tensor missing or of the wrong shape or dtype, one that the version does not use, weights that are not
  // finite or all zero where they cannot be.
  static Model load(const std::filesystem::path& path, const LoadOptions& options = {});
  Model(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const;
  const TensorFile& file() const;
  MadeAtLoad made_at_load() const;
  std::optional<std::string> warning() const;  // of matrices of zeros, without the path
  State initial_state() const;                 // tuned, when the file holds time_state tensors

  // Runs every segment's tokens; a batch of segments shares each pass over the weights. Segments may be of
  // different lengths, but not empty; no two may share a state. `logits` has n_vocab columns and one row for
  // each row that `which` asks for, in order of the segments. Logits and states are the same bits whatever
  // the batch, the neighbours, the split into calls and the threads. Every token must be below info().n_vocab
  // (asserted: callers check their input).
  void forward(std::span<const Segment> batch, LogitRows which, MatSpan<float> logits,
               Workspace& workspace) const;
  // The same with the logits of one pass in memory: `on_pass` is given those of each, in order, for as long
  // as it runs. It may throw to end the run.
  void forward(std::span<const Segment> batch, LogitRows which,
               const std::function<void(const PassLogits&)>& on_pass, Workspace& workspace) const;

  // Moves the states of segments that the last forward() with this workspace previewed past the tokens named:
  // the bits that forward() leaves when it runs just these. Costs a pass over the states, none over the
  // weights. The segments' states must still be where they were.
  void advance(std::span<const Advance> segments, Workspace& workspace) const;

 private:
  friend ModelCheck check_model(const TensorFile& file);
  struct Network;
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the file has any of the tensors that only a model has: it may yet lack others.
bool holds_model(const TensorFile& file);

// Judges the file as Model::load() does, with the same errors, without making a tensor or a state.
ModelCheck check_model(const TensorFile& file);

}  // namespace rwkv
