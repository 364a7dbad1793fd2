// Writes a checkpoint of RWKV-6 or 7 as GGUF, in the form that llama.cpp reads.
#pragma once
#include <filesystem>

#include "checkpoint/convert.h"
#include "text/tokenizer.h"

namespace rwkv {

// Changes the plan to what export_gguf() writes: the dtypes of GGUF, by rows. Tensors that GGUF omits move to
// `dropped`. Errors as export_gguf().
void fit_to_gguf(ConversionPlan& plan);

// Writes `target` whole or not at all; the same input gives the same bytes for any threads. Matrices get the
// planned dtypes, q8 as Q8_0; vectors, and tensors that llama.cpp never quantises, get the types of its own
// converter. With a null vocabulary none is written. Memory: the largest tensor, if the file does not hold it
// in that form. Error kUnsupported: another version, a dtype or vocabulary that GGUF does not have, a tensor
// that has no place in GGUF; kFormat: a weight cannot be quantised.
ConvertSummary export_gguf(const ConversionPlan& plan, const std::filesystem::path& target,
                           const Tokenizer* vocabulary, const ProgressCallback& progress);

}  // namespace rwkv
