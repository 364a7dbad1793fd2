#include "checkpoint/vocabulary.h"

#include <vector>

#include "core/error.h"
#include "core/mapped_file.h"
#include "core/printable.h"
#include "text/python_literal.h"

namespace rwkv {
namespace {

constexpr const char* kModelKey = "tokenizer.ggml.model";
constexpr const char* kTokensKey = "tokenizer.ggml.tokens";
constexpr const char* kTypesKey = "tokenizer.ggml.token_type";
constexpr std::string_view kWorld = "rwkv";
// Types of tokens that are no text of the vocabulary.
constexpr int64_t kControl = 3, kUnused = 5;

const GgufValue& value_at(const GgufHeader& header, const char* key) {
  const GgufValue* value = find_value(header, key);
  if (value == nullptr)
    throw Error(ErrorKind::kFormat, "has no vocabulary: metadata " + std::string(key) + " is missing");
  return *value;
}

void check_kind(const GgufHeader& header) {
  const std::string kind = to_text(value_at(header, kModelKey));
  if (kind == kWorld) return;
  throw Error(ErrorKind::kUnsupported, "metadata " + std::string(kModelKey) + ": a vocabulary of the kind '" +
                                           printable(kind) + "', want 'rwkv' (World)");
}

// Empty when the file tells none.
std::vector<int64_t> token_types(const GgufHeader& header, size_t n_tokens) {
  const GgufValue* value = find_value(header, kTypesKey);
  if (value == nullptr) return {};
  auto types = with_context("metadata " + std::string(kTypesKey), [&] { return integers_of(*value); });
  if (types.size() == n_tokens) return types;
  throw Error(ErrorKind::kFormat, "metadata " + std::string(kTypesKey) + ": " + std::to_string(types.size()) +
                                      " types, want " + std::to_string(n_tokens) + ", one a token");
}

}  // namespace

std::string world_vocabulary_of(const GgufHeader& header) {
  check_kind(header);
  const auto tokens = with_context("metadata " + std::string(kTokensKey),
                                   [&] { return strings_of(value_at(header, kTokensKey)); });
  const auto types = token_types(header, tokens.size());
  std::string lines;
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (!types.empty() && (types[id] == kControl || types[id] == kUnused)) continue;
    const std::string bytes =
        with_context("token " + std::to_string(id), [&] { return parse_bytes_inside(tokens[id]); });
    lines += std::to_string(id) + ' ' + to_python_literal(bytes) + ' ' + std::to_string(bytes.size()) + '\n';
  }
  return lines;
}

std::string vocabulary_mark(const Tokenizer& vocabulary) {
  return std::string(vocabulary.kind()) + " " + vocabulary.digest();
}

std::optional<std::string> vocabulary_warning(const TensorFile& model, const Tokenizer& vocabulary) {
  const auto remembered = model.metadata().find(kVocabularyKey);
  if (remembered == model.metadata().end() || remembered->second == vocabulary_mark(vocabulary))
    return std::nullopt;
  return model.path() + " was converted with another vocabulary: " + printable(remembered->second) +
         ", this is " + vocabulary_mark(vocabulary);
}

std::unique_ptr<const Tokenizer> load_vocabulary(const std::filesystem::path& path,
                                                 const StopPredicate& stop) {
  return with_context(path.string(), [&] {
    const MappedFile file = MappedFile::open(path, FileAccess::kMap, stop);
    const auto bytes = file.bytes();
    if (looks_like_gguf(bytes)) return Tokenizer::parse(world_vocabulary_of(read_gguf_header(bytes)));
    return Tokenizer::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
}

}  // namespace rwkv
