// The text that rwkv-convert --calibrate names.
#pragma once
#include <string>
#include <vector>

#include "core/token.h"
#include "text/tokenizer.h"

namespace rwkv {

// Returns the ids in a file ("-": standard input) or, with a tokenizer, the ids of the text in the file.
// Error kIo or kFormat, its message beginning with the input's name: unreadable, an id from n_vocab on, no
// id.
std::vector<TokenId> read_calibration_text(const std::string& path, const Tokenizer* tokenizer,
                                           size_t n_vocab);

}  // namespace rwkv
