// The options of rwkv-score.
#pragma once
#include <optional>
#include <string>

#include "common/common_options.h"
#include "common/state_options.h"
#include "core/token.h"
#include "ids/id_stream.h"

namespace rwkv {

struct ScoreOptions : CommonOptions, StateOptions {  // state_out is not used
  std::optional<std::string> vocabulary;
  IdFormat ids = IdFormat::kText;
  bool text = false, text_in = false;  // --text was given; the input is text
  std::optional<std::string> file;     // the text's file, instead of standard input
  std::optional<TokenId> bos;
  size_t reset = 0;             // 0: never
  std::string logits, against;  // empty: not wanted
  bool per_token = false, requests = false;
  bool jsonl = false;  // form of the output; for requests jsonl, or json for the sum alone
  std::optional<size_t> given_batch;
  size_t batch = 16, threads = 1;
  bool stats = false;
};

// Nothing when --help or the like was answered. Error kUsage.
std::optional<ScoreOptions> parse_score_options(int argc, const char* const* argv);

}  // namespace rwkv
