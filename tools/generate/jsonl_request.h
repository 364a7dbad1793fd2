// Requests to rwkv-generate and its answers, a JSON object on a line each.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/state_options.h"
#include "session/scheduler.h"
#include "text/tokenizer.h"

namespace rwkv {

// What a request leaves open.
struct RequestDefaults {
  ContinuationOptions continuation;
  std::string state_in;
  const Tokenizer* tokenizer = nullptr;  // null: no vocabulary, hence no text
  size_t n_vocab = 0;                    // of the model
};

struct Request : StateOptions {
  uint64_t line = 0;        // its number in the input, from 1 on
  std::string id = "null";  // JSON, given back byte for byte
  std::string error;        // not empty: the request cannot be served, for this reason
  std::vector<TokenId> prompt;
  ContinuationOptions continuation;
  bool replace_utf8 = false;  // what is no UTF-8 in the answer's text becomes U+FFFD
};

// Never throws an Error: what is wrong with the line is told in `error`.
Request parse_request(std::string_view line, uint64_t line_number, const RequestDefaults& defaults);

// The answer to a request whose job has ended, be it in an error: one line, without its line break. Of a job
// that failed on its way it tells how far it came.
std::string answer_line(const Request& request, const BatchJob& job, const Tokenizer* tokenizer);

}  // namespace rwkv
