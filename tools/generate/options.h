// What a user of rwkv-generate asks for.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ids/id_stream.h"
#include "session/continuation.h"

namespace rwkv {

struct GenerateOptions {
  std::string model, state_in, state_out;
  std::optional<std::string> vocab, prompt, prompt_file;
  IdFormat ids = IdFormat::kText;
  bool text_in = false, text_out = false;  // standard input is text; so is standard output
  bool lines = false, null = false;        // every line, or NUL-terminated text, is a record
  bool echo = false, jsonl = false, stats = false, quiet = false;
  FileAccess access = FileAccess::kMap;
  std::optional<float> group_norm_eps;
  uint64_t fork = 1, batch = 16;
  size_t threads = 1;
  ContinuationOptions continuation;  // of every sequence, except `bytes_of` and `keep_end`

  bool has_records() const { return lines || null; }
};

// Nothing when --help or --version has been answered. Error kUsage.
std::optional<GenerateOptions> parse_generate_options(int argc, const char* const* argv);

// "261:-1.5", "0:-inf". Error kUsage.
std::pair<TokenId, float> parse_bias(const std::string& text);

}  // namespace rwkv
