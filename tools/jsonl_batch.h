// Serves requests, many decoded together.
#pragma once
#include "generate_options.h"
#include "model/generator.h"
#include "text/tokenizer.h"

namespace rwkv {

// Reads requests on standard input, one a line, and writes their answers in the same order. Up to
// options.batch are decoded together; as one ends the next joins. Never waits for a request while one is
// being served. Returns kFailure when a request could not be served, once the others have been.
int run_jsonl(const GenerateOptions& options, const Tokenizer* tokenizer, Generator& generator);

}  // namespace rwkv
