// Vocabularies inside models, and which one a model was made with.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "formats/gguf_header.h"
#include "formats/tensor_file.h"
#include "text/tokenizer.h"

namespace rwkv {

// As the lines of a World vocabulary's file (text/world_tokenizer.h), by rising ids, without what is no text
// of the vocabulary: tokens of the types control and unused (<s>, [PAD...]). Error kUnsupported when the
// file's vocabulary is of another kind; kFormat when there is none, or a broken one.
std::string world_vocabulary_of(const GgufHeader& header);

// Tokenizer::load(), also of the vocabulary inside a GGUF file.
std::unique_ptr<const Tokenizer> load_vocabulary(const std::filesystem::path& path,
                                                 const StopPredicate& stop = {});

// The metadata key under which a model remembers its vocabulary, and what stands there: "World
// 0123456789abcdef".
inline constexpr const char* kVocabularyKey = "rwkv.vocabulary";
std::string vocabulary_mark(const Tokenizer& vocabulary);
// What to tell when the model remembers another vocabulary than this one.
std::optional<std::string> vocabulary_warning(const TensorFile& model, const Tokenizer& vocabulary);

}  // namespace rwkv
