#include "text/tokenizer.h"

#include "core/byte_order_mark.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/mapped_file.h"
#include "text/tokenizer_json.h"
#include "text/world_json.h"
#include "text/world_tokenizer.h"

namespace rwkv {
namespace {

struct Kind {
  bool (*recognises)(std::string_view file);
  std::unique_ptr<const Tokenizer> (*parse)(std::string_view file);
};
constexpr Kind kKinds[] = {{looks_like_world_json, parse_world_json},
                           {looks_like_tokenizer_json, parse_tokenizer_json},
                           {looks_like_world_vocabulary, parse_world_vocabulary}};

constexpr size_t kMaxPadding = 1024;

}  // namespace

std::unique_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& path,
                                                 const StopPredicate& stop) {
  return with_context(path.string(), [&] {
    const MappedFile file = MappedFile::open(path, FileAccess::kMap, stop);
    const auto bytes = file.bytes();
    return parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
}

std::unique_ptr<const Tokenizer> Tokenizer::parse(std::string_view file) {
  file = without_byte_order_mark(file);
  for (const Kind& kind : kKinds) {
    if (kind.recognises(file)) return kind.parse(file);
  }
  throw Error(ErrorKind::kFormat,
              "not a vocabulary: want a World vocabulary (lines of: id 'token' length) or a tokenizer.json");
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::vector<TokenId> ids;
  encode_some(text, false, ids);
  return ids;
}

size_t Tokenizer::encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids) const {
  return encode_some(text, more_follows, ids, make_scratch().get());
}

std::string_view Tokenizer::bytes_of(TokenId id) const {
  if (id >= padded_size()) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + ": want below " +
                                        std::to_string(vocab_size()) + ", the size of the vocabulary");
  }
  return tokens_.at(id);
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  Utf8Joiner joiner(invalid_output());
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) {
    with_context("position " + std::to_string(i), [&] { text += joiner.add(bytes_of(ids[i])); });
  }
  return text + joiner.finish();
}

std::string Tokenizer::digest() const {
  Hash hash;
  tokens_.for_each([&](std::string_view bytes, TokenId id) {
    hash.add(uint64_t{id});
    hash.add(bytes);
  });
  return hash.digits();
}

void Tokenizer::check_fits(size_t model_vocab_size) const {
  if (vocab_size() <= model_vocab_size && model_vocab_size < vocab_size() + kMaxPadding) return;
  throw Error(ErrorKind::kFormat, "the vocabulary (" + std::string(kind()) + ", " +
                                      std::to_string(vocab_size()) + " ids) does not fit a model of " +
                                      std::to_string(model_vocab_size) + " ids");
}

}  // namespace rwkv
