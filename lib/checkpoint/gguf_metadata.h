// The metadata of a GGUF file of RWKV.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "formats/ggml_types.h"
#include "formats/gguf_writer.h"
#include "model/model_info.h"
#include "text/tokenizer.h"

namespace rwkv {

// `architecture` is GGUF's name; `type` is the type of the embedding; `own` is added as strings, without keys
// that GGUF files define themselves (of these only general.name is used). Without a vocabulary the metadata
// says that there is none, and the number of ids. Error kUnsupported: a vocabulary that is not World;
// kFormat: one that does not fit.
GgufMetadata gguf_metadata(std::string_view architecture, const ModelInfo& info, const GgmlType& type,
                           const Tokenizer* vocabulary, const std::map<std::string, std::string>& own);

}  // namespace rwkv
