// The vocabulary of tools that continue texts.
#pragma once
#include <memory>
#include <string>

#include "model/model.h"
#include "session/continuation.h"
#include "text/tokenizer.h"

namespace rwkv {

// Loads a vocabulary, and sets in `options` the bytes of its ids and that ids beyond it are never drawn; must
// outlive the options. Warnings and errors: as load_vocabulary_of().
std::unique_ptr<const Tokenizer> load_vocabulary(const char* tool, const std::string& path,
                                                 const Model& model, ContinuationOptions& options);

}  // namespace rwkv
