// The options of drafts, and the drafters they name, for every tool that draws.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "common/option.h"
#include "core/mapped_file.h"
#include "model/model.h"
#include "session/speculation.h"

namespace rwkv {

struct DraftOptions {
  std::string draft;                     // "lookup", "self" or a model's path; empty: no drafts
  std::optional<size_t> draft_tokens{};  // the most tokens at a time
};

std::span<const Option<DraftOptions>> draft_options();

// How the draft's model is loaded or made.
struct DraftLoading {
  size_t n_threads = 1;
  FileAccess access = FileAccess::kMap;
  bool quiet = false;  // no progress on a terminal
};

// Makes drafters for the sequences of a model.
class DraftSource {
 public:
  // `options.draft` must not be empty; `model` must outlive this. Error, its message beginning with a model's
  // path: as Model::load(); the draft has another vocabulary than the model; `self` would gain nothing.
  DraftSource(const char* tool, const DraftOptions& options, const Model& model, const DraftLoading& loading);

  std::unique_ptr<Drafter> make_drafter() const;
  size_t longest() const { return longest_; }  // the longest draft worth trying

 private:
  std::optional<Model> model_;  // none: lookup
  bool has_same_states_ = false;
  size_t n_threads_, longest_;
};

// The argument for a scheduler, or for draw_next().
class Draft {
 public:
  // As DraftSource; without drafts if the options name none.
  Draft(const char* tool, const DraftOptions& options, const Model& model, const DraftLoading& loading);

  Speculation* speculation() { return speculation_ ? &*speculation_ : nullptr; }  // null: no drafts

 private:
  std::optional<DraftSource> source_;
  std::optional<Speculation> speculation_;
};

}  // namespace rwkv
