// What a GGUF file of RWKV says of itself.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "formats/ggml_types.h"
#include "formats/gguf_writer.h"
#include "model/model_info.h"
#include "text/tokenizer.h"

namespace rwkv {

// `architecture` as GGUF calls it; `type` is that of the embedding; `own` goes into it as strings, but for
// keys that a GGUF file has by itself: of these only general.name counts. Without a vocabulary the file tells
// that there is none, and how many ids the model has. Error kUnsupported: a vocabulary that is not World;
// kFormat: one that does not fit.
GgufMetadata gguf_metadata(std::string_view architecture, const ModelInfo& info, const GgmlType& type,
                           const Tokenizer* vocabulary, const std::map<std::string, std::string>& own);

}  // namespace rwkv
