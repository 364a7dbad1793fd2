// What a user of rwkv-chat asks for.
#pragma once
#include <optional>
#include <string>

#include "common/chat_options.h"
#include "common/common_options.h"
#include "common/draft.h"
#include "session/continuation.h"

namespace rwkv {

struct ChatOptions : CommonOptions, DraftOptions, TemplateOption {
  std::string vocabulary;
  std::string think, system, state;  // empty: not given
  bool has_seed = false;             // --seed was given
  ContinuationOptions continuation;  // of every answer, except `bytes_of`
  size_t threads = 1;
};

// Nothing when --help or the like has been answered. Error kUsage.
std::optional<ChatOptions> parse_chat_options(int argc, const char* const* argv);

}  // namespace rwkv
