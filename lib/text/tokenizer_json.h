// Hugging Face's tokenizer.json ("20B_tokenizer.json").
#pragma once
#include <memory>
#include <string_view>

#include "text/tokenizer.h"

namespace rwkv {

// Whether a file begins like a JSON object.
bool looks_like_tokenizer_json(std::string_view file);

// Normalizer none or NFC, pre-tokenizer, decoder and post-processor ByteLevel (the last may be none), model
// BPE, added tokens without conditions; truncation and padding are not done. Error kUnsupported names what is
// of another kind, Error kFormat what is broken: JSON, a missing key, an id or a token that comes twice, a
// merge without its tokens.
std::unique_ptr<const Tokenizer> parse_tokenizer_json(std::string_view file);

}  // namespace rwkv
