// Vocabularies inside models, and the vocabulary that a model was made with.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "formats/gguf_header.h"
#include "formats/tensor_file.h"
#include "text/tokenizer.h"

namespace rwkv {

// The lines of a World vocabulary's file (text/world_tokenizer.h), by rising ids, without tokens of the types
// control and unused (<s>, [PAD...]), which are not text. Error kUnsupported when the file has a vocabulary
// of another kind; kFormat when it has none, or a broken one.
std::string world_vocabulary_of(const GgufHeader& header);

// As Tokenizer::load(); also reads the vocabulary inside a GGUF file.
std::unique_ptr<const Tokenizer> load_vocabulary(const std::filesystem::path& path,
                                                 const StopPredicate& stop = {});

// The metadata key under which a model remembers its vocabulary, with values such as "World
// 0123456789abcdef".
inline constexpr const char* kVocabularyKey = "rwkv.vocabulary";
std::string vocabulary_mark(const Tokenizer& vocabulary);
// A warning when the model remembers another vocabulary than this one; nothing otherwise.
std::optional<std::string> vocabulary_warning(const TensorFile& model, const Tokenizer& vocabulary);

}  // namespace rwkv
