// What rwkv-score is asked to do.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "core/token.h"
#include "ids/id_stream.h"

namespace rwkv {

struct ScoreOptions {
  std::string model, state_in;  // empty state: none
  std::optional<std::string> vocab;
  IdFormat ids = IdFormat::kText;
  bool text_in = false;             // the input is text
  std::optional<std::string> file;  // of that text, instead of standard input
  std::optional<TokenId> bos;
  size_t reset = 0;             // 0: never
  std::string logits, against;  // empty: not asked for
  bool per_token = false, requests = false;
  bool json = false, jsonl = false;  // form of the output; requests have jsonl, or json for their sum alone
  size_t batch = 16;
  std::optional<float> group_norm_eps;
  size_t threads = 1;
  bool stats = false, quiet = false;
};

// Nothing when --help or --version has been answered. Error kUsage.
std::optional<ScoreOptions> parse_score_options(int argc, const char* const* argv);

}  // namespace rwkv
