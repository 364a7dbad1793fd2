// The vocabulary of those that continue texts.
#pragma once
#include <memory>
#include <string>

#include "model/model.h"
#include "session/continuation.h"
#include "text/tokenizer.h"

namespace rwkv {

// Loads it, and lets `options` know the bytes of its ids, and that ids beyond it are never drawn; it outlives
// them. Warnings and errors: as load_vocabulary_of().
std::unique_ptr<const Tokenizer> load_vocabulary(const char* tool, const std::string& path,
                                                 const Model& model, ContinuationOptions& options);

}  // namespace rwkv
