// A World vocabulary as a tokenizer.json whose model is WordLevel.
#pragma once
#include <memory>
#include <string_view>

#include "text/bpe_vocabulary.h"
#include "text/tokenizer.h"

namespace rwkv {

// `pre_tokenizer` as JSON: ByteLevel that cuts nothing, then a Split by all tokens, the longest first. Tokens
// that are not in the Split can come from no text, and are left out. Error kUnsupported when it is anything
// else; kFormat.
std::unique_ptr<const Tokenizer> parse_wordlevel(std::string_view pre_tokenizer,
                                                 const BpeVocabulary& vocabulary);

}  // namespace rwkv
