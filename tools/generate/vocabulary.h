// The vocabulary of those that continue texts.
#pragma once
#include <memory>
#include <string>

#include "session/continuation.h"
#include "text/tokenizer.h"

namespace rwkv {

// Loads it, and lets `options` know the bytes of its ids, and that ids beyond it are never drawn; it outlives
// them. Error: as Tokenizer::load(); one that does not fit a model of `n_vocab` ids.
std::unique_ptr<const Tokenizer> load_vocabulary(const std::string& path, size_t n_vocab,
                                                 ContinuationOptions& options);

}  // namespace rwkv
