// Reads a prompt from where the options say, in memory for a part of it.
#pragma once
#include <functional>
#include <span>

#include "generate_options.h"
#include "text/tokenizer.h"

namespace rwkv {

using TokenSink = std::function<void(std::span<const TokenId>)>;

// Passes on the tokens of -p, of -f and of standard input, in this order, as they come. Standard input is not
// read when there is a file, nor when there is a -p and it is a terminal. `tokenizer` may be null when all is
// ids. Ends early, without an error, when a signal asks to stop.
void read_prompt(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab,
                 const TokenSink& sink);

}  // namespace rwkv
