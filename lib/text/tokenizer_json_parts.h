// A tokenizer.json in two parts.
#pragma once
#include <string>
#include <string_view>

#include "text/bpe_vocabulary.h"

namespace rwkv {

struct TokenizerJsonParts {
  BpeVocabulary vocabulary;
  std::string rest;  // JSON: the file with the model's vocabulary and merges left empty
};

// Tokens never become JSON values, which saves most of the time and memory. Error kFormat.
TokenizerJsonParts split_tokenizer_json(std::string_view file);

}  // namespace rwkv
