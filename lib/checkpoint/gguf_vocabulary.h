// The World vocabulary inside a GGUF file.
#pragma once
#include <string>

#include "formats/gguf_header.h"

namespace rwkv {

// As the lines of a World vocabulary's file (text/world_tokenizer.h), by rising ids, without what is no text
// of the vocabulary: tokens of the types control and unused (<s>, [PAD...]). Error kUnsupported when the
// file's vocabulary is of another kind; kFormat when there is none, or a broken one.
std::string world_vocabulary_of(const GgufHeader& header);

}  // namespace rwkv
