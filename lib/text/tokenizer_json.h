// Hugging Face's tokenizer.json ("20B_tokenizer.json").
#pragma once
#include <memory>
#include <string_view>

#include "text/tokenizer.h"

namespace rwkv {

// Whether a file begins like a JSON object.
bool looks_like_tokenizer_json(std::string_view file);

// Reads normalizer, pre-tokenizer, byte-level BPE model and added tokens without conditions;
// truncation and padding are ignored. Error kUnsupported names a part of another kind, Error
// kFormat a broken one: JSON, a missing key, an id or a token that occurs twice, a merge of unknown
// tokens.
std::unique_ptr<const Tokenizer> parse_tokenizer_json(std::string_view file);

}  // namespace rwkv
