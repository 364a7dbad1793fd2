#include "common/draft.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "checkpoint/convert.h"
#include "checkpoint/footprint.h"
#include "common/load_model.h"
#include "common/tool.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "formats/tensor_file.h"
#include "session/lookup_drafter.h"
#include "session/model_drafter.h"

namespace rwkv {
namespace {

constexpr std::string_view kLookup = "lookup", kSelf = "self", kGroup = "other";
// A token costs nothing to look up; a model reads its weights for each.
constexpr size_t kLongestLookup = 12, kLongestModel = 5;
// Of the bytes that the model reads a token: a draft that reads more cannot pay.
constexpr double kMostOfModel = 0.9;

const Option<DraftOptions> kOptions[] = {
    {{"draft", 0, "", "HOW", kTextType, kGroup, "guess ahead: lookup, self or a smaller MODEL",
      "Some ids are guessed and read in one pass over the weights. The ids are kept as far as the model "
      "would have drawn them one by one, so the text is the same and comes sooner. lookup guesses what "
      "followed these ids earlier in the text; self asks the model in q4, which is made at the start; a "
      "MODEL must have the same vocabulary. Guessing stops while it does not pay."},
     [](DraftOptions& o, const OptionValue& v) { o.draft = v.text(); }},
    {{"draft-tokens", 0, "", "K", whole(1, kRowsOfPass - 1), kGroup, "guess at most K ids at a time",
      "Default: 12 for lookup, else 5. How many it is in the end depends on what is right."},
     [](DraftOptions& o, const OptionValue& v) {
       if (o.draft.empty()) throw Error(ErrorKind::kUsage, "--draft-tokens wants --draft");
       o.draft_tokens = v.whole();
     }},
};

Descriptor unnamed_memory() {
  Descriptor memory(::memfd_create("rwkv-draft", MFD_CLOEXEC));
  if (memory.get() < 0)
    throw Error(ErrorKind::kIo, std::string("memory for a draft: ") + std::strerror(errno));
  return memory;
}

// The model in q4.
Model quantised(const Model& model, const DraftLoading& loading) {
  const auto bytes = [&](std::optional<DType> dtype) {
    return static_cast<double>(footprint(model.file(), dtype).read_bytes);
  };
  if (bytes(DType::kQ4) > kMostOfModel * bytes(std::nullopt)) {
    throw Error(ErrorKind::kUnsupported,
                model.file().path() + ": in q4 it would not be smaller, --draft self gains nothing");
  }
  const Descriptor memory = unnamed_memory();
  const std::string path = "/dev/fd/" + std::to_string(memory.get());
  Progress progress("draft", "bytes", loading.quiet);
  convert(model.file(), path, {.dtype = DType::kQ4, .n_threads = loading.n_threads, .stop = stop_requested},
          [&](uint64_t done, uint64_t total) {
            throw_if_stopped();
            progress.update(done, total);
          });
  return Model::load(path, {.access = loading.access,
                            .group_norm_eps = model.info().group_norm_eps,
                            .n_threads = loading.n_threads});
}

bool same_shape(const ModelInfo& a, const ModelInfo& b) {
  return a.version == b.version && a.n_layers == b.n_layers && a.n_embd == b.n_embd && a.n_att == b.n_att &&
         a.n_ffn == b.n_ffn && a.head_size == b.head_size && a.ranks == b.ranks;
}

Model load_draft(const char* tool, const std::string& path, const Model& model, const DraftLoading& loading) {
  Model draft = load_model(tool, path, {.access = loading.access, .n_threads = loading.n_threads});
  const size_t n = draft.info().n_vocab, wanted = model.info().n_vocab;
  if (n == wanted) return draft;
  throw Error(ErrorKind::kUnsupported, path + ": a vocabulary of " + std::to_string(n) +
                                           " ids, want that of the model, " + std::to_string(wanted));
}

}  // namespace

std::span<const Option<DraftOptions>> draft_options() { return kOptions; }

DraftSource::DraftSource(const char* tool, const DraftOptions& options, const Model& model,
                         const DraftLoading& loading)
    : n_threads_(loading.n_threads),
      longest_(options.draft_tokens.value_or(options.draft == kLookup ? kLongestLookup : kLongestModel)) {
  if (options.draft == kLookup) return;
  model_.emplace(options.draft == kSelf ? quantised(model, loading)
                                        : load_draft(tool, options.draft, model, loading));
  has_same_states_ = same_shape(model_->info(), model.info());
}

std::unique_ptr<Drafter> DraftSource::make_drafter() const {
  if (!model_) return std::make_unique<LookupDrafter>();
  return std::make_unique<ModelDrafter>(*model_, n_threads_, has_same_states_);
}

Draft::Draft(const char* tool, const DraftOptions& options, const Model& model, const DraftLoading& loading) {
  if (options.draft.empty()) return;
  source_.emplace(tool, options, model, loading);
  speculation_.emplace(source_->make_drafter(), SpeculationOptions{.longest = source_->longest()});
}

}  // namespace rwkv
