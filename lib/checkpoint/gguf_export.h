// A checkpoint of RWKV-6 or 7 as GGUF, as llama.cpp reads it.
#pragma once
#include <filesystem>

#include "checkpoint/convert.h"
#include "text/tokenizer.h"

namespace rwkv {

// Writes `target` whole or not at all; the same input gives the same bytes, whatever the threads. Matrices
// get the planned dtypes, q8 as Q8_0; vectors, and what llama.cpp never quantises, are written as its own
// converter does. A null vocabulary: none goes into the file. Memory: the largest tensor, where it does not
// lie in the file as it is. Error kUnsupported: another version, a dtype or a vocabulary that GGUF does not
// have, a tensor that it has no place for; kFormat: a weight cannot be quantised.
ConvertSummary export_gguf(const ConversionPlan& plan, const std::filesystem::path& target,
                           const Tokenizer* vocabulary, const ProgressCallback& progress);

}  // namespace rwkv
