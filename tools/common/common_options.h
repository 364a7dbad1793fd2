// The options that several tools have: each is defined here once, and tools choose from them.
#pragma once
#include <optional>
#include <string>

#include "common/option.h"
#include "core/mapped_file.h"
#include "ids/id_stream.h"

namespace rwkv {

// Ends the message about input that is not ids.
inline constexpr std::string_view kIdsHint = "; a text wants --text, arrays of ids --ids json";

inline constexpr size_t kMaxThreads = 4096;

struct CommonOptions {
  std::string model, vocab;  // the user's values, or empty; see model_path() and vocabulary_path()
  std::optional<size_t> n_threads;
  FileAccess access = FileAccess::kMap;
  std::optional<float> group_norm_eps;
  std::optional<IdFormat> id_format;
  bool json = false, quiet = false;
};

extern const Option<CommonOptions> kModelOption, kVocabOption, kLoadOption, kGroupNormOption, kThreadsOption,
    kIdsOption, kJsonOption, kQuietOption;

// The value of -m, else RWKV_MODEL. Error kUsage when both are missing.
std::string model_path(const CommonOptions& options);
// The value of -t, else RWKV_THREADS, else the cores that this process may run on. Error kUsage.
size_t thread_count(const CommonOptions& options);
// The variable's value; nothing when it is unset or empty.
std::optional<std::string> from_environment(const char* variable);

}  // namespace rwkv
