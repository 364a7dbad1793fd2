// The options of rwkv-generate.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/common_options.h"
#include "common/draft.h"
#include "common/state_options.h"
#include "session/continuation.h"

namespace rwkv {

struct GenerateOptions : CommonOptions, StateOptions, DraftOptions {
  std::optional<std::string> vocabulary, prompt, prompt_file;
  IdFormat ids = IdFormat::kText;
  bool text = false, decode = false, escapes = false;  // the user's values
  bool text_in = false, text_out = false;  // derived: standard input is text; standard output is text
  bool lines = false, null = false;        // each line, or NUL-terminated text, is a record
  bool echo = false, jsonl = false, stats = false;
  uint64_t fork = 1, batch = 16;
  std::string cache;  // folder of a prefix cache; empty: none
  size_t threads = 1;
  ContinuationOptions continuation;  // for every sequence, except `bytes_of` and `keep_end`

  bool has_records() const { return lines || null; }
};

// Nothing when --help or the like was answered. Error kUsage.
std::optional<GenerateOptions> parse_generate_options(int argc, const char* const* argv);

}  // namespace rwkv
