// The options that tools have in common: each stands here once, and a tool takes those that it has.
#pragma once
#include <optional>
#include <string>

#include "common/option.h"
#include "core/mapped_file.h"
#include "ids/id_stream.h"

namespace rwkv {

// Where ids are wanted and something else comes.
inline constexpr std::string_view kIdsHint = "; a text wants --text, arrays of ids --ids json";

inline constexpr size_t kMaxThreads = 4096;

struct CommonOptions {
  std::string model, vocab;  // as given, empty: not; model_path() and vocabulary_path() look further
  std::optional<size_t> n_threads;
  FileAccess access = FileAccess::kMap;
  std::optional<float> group_norm_eps;
  std::optional<IdFormat> id_format;
  bool json = false, quiet = false;
};

extern const Option<CommonOptions> kModelOption, kVocabOption, kLoadOption, kGroupNormOption, kThreadsOption,
    kIdsOption, kJsonOption, kQuietOption;

// What -m names, else RWKV_MODEL. Error kUsage when neither does.
std::string model_path(const CommonOptions& options);
// What -t asks for, else RWKV_THREADS, else every core that this process may run on. Error kUsage.
size_t thread_count(const CommonOptions& options);
// The variable's value; nothing when it is not set or empty.
std::optional<std::string> from_environment(const char* variable);

}  // namespace rwkv
