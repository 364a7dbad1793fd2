// Requests to rwkv-generate, and its answers, as JSON objects one a line.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/state_options.h"
#include "session/scheduler.h"
#include "text/tokenizer.h"

namespace rwkv {

// Defaults for keys that a request does not have.
struct RequestDefaults {
  ContinuationOptions continuation;
  std::string state_in;
  const Tokenizer* tokenizer = nullptr;  // null: no vocabulary, so only ids
  size_t n_vocab = 0;                    // of the model
};

struct Request : StateOptions {
  uint64_t line = 0;        // number in the input, from 1
  std::string id = "null";  // JSON text, returned byte for byte
  std::string error;        // not empty: why the request cannot be run
  std::vector<TokenId> prompt;
  ContinuationOptions continuation;
  bool replace_utf8 = false;  // replace bytes of the answer's text that are not UTF-8 by U+FFFD
};

// Never throws an Error: `error` says what is wrong with the line.
Request parse_request(std::string_view line, uint64_t line_number, const RequestDefaults& defaults);

// The answer to a request whose job has ended or failed: one line, without its line break. The answer of a
// failed job contains what was drawn before.
std::string answer_line(const Request& request, const BatchJob& job, const Tokenizer* tokenizer);

}  // namespace rwkv
