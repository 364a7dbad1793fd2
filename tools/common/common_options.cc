#include "common/common_options.h"

#include <cstdlib>

#include "common/command_line.h"
#include "core/available_threads.h"

namespace rwkv {
namespace {

constexpr OptionType kThreadCount = whole(1, kMaxThreads);

std::vector<std::string> load_names() { return {"map", "copy"}; }

}  // namespace

const Option<CommonOptions> kModelOption{
    {"model", 'm', "", "MODEL", kFileType, "model", "the checkpoint (or RWKV_MODEL)", "", true},
    [](CommonOptions& o, const OptionValue& v) { o.model = v.text(); }};

const Option<CommonOptions> kVocabOption{
    {"vocab", 'v', "", "VOCAB", kFileType, "model", "its vocabulary, for text (or RWKV_VOCAB)",
     "A World vocabulary (rwkv_vocab_v20230424.txt) or a Hugging Face tokenizer.json.", true},
    [](CommonOptions& o, const OptionValue& v) { o.vocab = v.text(); }};

const Option<CommonOptions> kLoadOption{
    {"load", 0, "", "HOW", name_of(load_names), "model", "map the weights (default) or copy them",
     "A copy lies in huge pages: private memory, read faster. A mapped file is shared between processes."},
    [](CommonOptions& o, const OptionValue& v) {
      o.access = v.text() == "copy" ? FileAccess::kCopy : FileAccess::kMap;
    }};

const Option<CommonOptions> kGroupNormOption{
    {"group-norm-eps", 0, "", "X", real(0), "model", "epsilon of the group norm (default 64e-5)",
     "For comparisons with programs that use another: rwkv.cpp runs RWKV-5 with 1e-5."},
    [](CommonOptions& o, const OptionValue& v) { o.group_norm_eps = static_cast<float>(v.real()); }};

const Option<CommonOptions> kThreadsOption{
    {"threads", 't', "", "N", kThreadCount, "other", "threads (or RWKV_THREADS; default: every core)"},
    [](CommonOptions& o, const OptionValue& v) { o.n_threads = v.whole(); }};

const Option<CommonOptions> kIdsOption{
    {"ids", 0, "", "FORMAT", name_of(id_format_names), "input and output", "format of ids (default text)",
     "text: decimals with white space between. lines: one id a line. json: [1,2,3] a record. u16 and u32: "
     "little-endian, "
     "without a header."},
    [](CommonOptions& o, const OptionValue& v) { o.id_format = id_format_from_name(v.text()); }};

const Option<CommonOptions> kJsonOption{
    {"json", 0, "", "", kSwitchType, "input and output", "print JSON", "", true},
    [](CommonOptions& o, const OptionValue& v) { o.json = v.on(); }};

const Option<CommonOptions> kQuietOption{
    {"quiet", 'q', "", "", kSwitchType, "other", "no progress and no summary on standard error"},
    [](CommonOptions& o, const OptionValue& v) { o.quiet = v.on(); }};

std::optional<std::string> from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::string model_path(const CommonOptions& options) {
  if (!options.model.empty()) return options.model;
  if (const auto path = from_environment("RWKV_MODEL")) return *path;
  usage_error("no model: give -m MODEL or set RWKV_MODEL");
}

size_t thread_count(const CommonOptions& options) {
  if (options.n_threads) return *options.n_threads;
  const auto wanted = from_environment("RWKV_THREADS");
  if (!wanted) return available_threads();
  return value_from_texts({.type = kThreadCount}, "RWKV_THREADS", {&*wanted, 1}).whole();
}

}  // namespace rwkv
