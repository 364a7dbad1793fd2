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
  std::string id = "null";  // JSON, given back as it came
  std::string error;        // not empty: the request cannot be served, for this reason
  std::vector<TokenId> prompt;
  ContinuationOptions continuation;
};

// Never throws an Error: what is wrong with the line is told in `error`.
Request parse_request(std::string_view line, const RequestDefaults& defaults);

// The answer to a request whose job has ended, be it in an error: one line, without its line break. Of a job
// that failed on its way it tells how far it came.
std::string answer_line(const Request& request, const BatchJob& job, const Tokenizer* tokenizer);

}  // namespace rwkv
