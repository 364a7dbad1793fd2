#include "text/tokenizer_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/printable.h"
#include "text/bpe_tokenizer.h"
#include "text/bpe_vocabulary.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_json_parts.h"
#include "text/unicode.h"
#include "text/wordlevel_json.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }
[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kUnsupported, message); }

std::string in_quotes(std::string_view text) { return "'" + printable(text) + "'"; }

const json::value& member(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) fail(std::string("no \"") + key + "\"");
  return *value;
}

const json::object& as_object(const json::value& value, const char* what) {
  if (const auto* object = value.if_object()) return *object;
  fail(std::string(what) + ": want an object");
}

const json::array& as_array(const json::value& value, const char* what) {
  if (const auto* array = value.if_array()) return *array;
  fail(std::string(what) + ": want an array");
}

std::string_view as_text(const json::value& value, const std::string& what) {
  if (const auto* text = value.if_string()) return *text;
  fail(what + ": want a string");
}

uint64_t as_id(const json::value& value, std::string_view token) {
  if (const auto* id = value.if_int64(); id != nullptr && *id >= 0) return static_cast<uint64_t>(*id);
  fail("the id of " + in_quotes(token) + ": want a whole number");
}

bool flag(const json::object& object, const char* key, bool absent) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return absent;
  if (const bool* set = value->if_bool()) return *set;
  fail(std::string(key) + ": want true or false");
}

// "none" for an absent part or null. A model may leave its type out; merges make it a BPE.
std::string type_of(const json::object& root, const char* part) {
  const json::value* value = root.if_contains(part);
  if (value == nullptr || value->is_null()) return "none";
  const auto& object = as_object(*value, part);
  if (!object.contains("type") && object.contains("merges")) return "BPE";
  return std::string(as_text(member(object, "type"), part));
}

void check_type(const json::object& root, const char* part, std::initializer_list<std::string_view> known) {
  const std::string type = type_of(root, part);
  std::string want;
  for (const auto name : known) {
    if (name == type) return;
    want += (want.empty() ? "" : " or ") + std::string(name);
  }
  refuse(std::string(part) + " " + in_quotes(type) + " is not supported: want " + want);
}

void check_pipeline(const json::object& root) {
  check_type(root, "model", {"BPE"});
  check_type(root, "post_processor", {"none", "ByteLevel", "TemplateProcessing", "Sequence"});
  check_type(root, "decoder", {"ByteLevel"});
}

Normalization normalization_of(const json::value& value) {
  if (value.is_null()) return Normalization::kNone;
  const auto& object = as_object(value, "normalizer");
  const auto type = as_text(member(object, "type"), "normalizer");
  if (type == "NFC") return Normalization::kNfc;
  if (type == "NFKC") return Normalization::kNfkc;
  if (type != "Sequence") refuse("normalizer " + in_quotes(type) + " is not supported: want NFC or NFKC");
  auto strongest = Normalization::kNone;  // which makes the others vain
  for (const auto& part : as_array(member(object, "normalizers"), "normalizers"))
    strongest = std::max(strongest, normalization_of(part));
  return strongest;
}

std::string text_of_part(const json::object& root, const char* part) {
  const json::value* value = root.if_contains(part);
  return json::serialize(value == nullptr ? json::value() : *value);
}

// Settings that would change the ids, and which byte-level vocabularies leave empty.
void check_model(const json::object& model) {
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    const json::value* value = model.if_contains(key);
    const bool empty =
        value == nullptr || value->is_null() || (value->is_string() && value->get_string().empty());
    if (!empty) refuse(std::string("model: ") + key + " is not supported");
  }
  if (flag(model, "byte_fallback", false)) refuse("model: byte_fallback is not supported");
}

class Reader {
 public:
  Reader(const json::object& root, const BpeVocabulary& vocabulary)
      : root_(root), vocabulary_(vocabulary), index_(vocabulary) {
    const auto& model = as_object(member(root, "model"), "model");
    as_object(member(model, "vocab"), "vocab");
    as_array(member(model, "merges"), "merges");
  }

  BpeParts read() {
    if (flag(root_.at("model").as_object(), "ignore_merges", false)) read_whole_pieces();
    if (const auto* normalizer = root_.if_contains("normalizer"))
      parts_.normalization = normalization_of(*normalizer);
    parts_.pre_tokenizer = PreTokenizer::parse(text_of_part(root_, "pre_tokenizer"));
    read_tokens();
    read_bytes();
    read_merges();
    if (const auto* added = root_.if_contains("added_tokens")) {
      for (const auto& token : as_array(*added, "added_tokens")) read_added(as_object(token, "added_tokens"));
    }
    return std::move(parts_);
  }

 private:
  void read_tokens() {
    parts_.tokens.reserve(vocabulary_.text.size(), vocabulary_.tokens.size());
    for (const auto& token : vocabulary_.tokens) {
      const std::string bytes = alphabet_.bytes_of(vocabulary_.text_of(token));
      if (bytes.empty()) fail("id " + std::to_string(token.id) + ": an empty token");
      parts_.tokens.add(token.id, bytes);
    }
  }

  void read_whole_pieces() {
    for (const auto& token : vocabulary_.tokens) {
      parts_.whole_pieces.emplace(alphabet_.bytes_of(vocabulary_.text_of(token)),
                                  static_cast<TokenId>(token.id));
    }
  }

  void read_bytes() {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const auto* token = index_.find(alphabet_.character_of(static_cast<unsigned char>(byte)));
      if (token != nullptr) parts_.byte_ids[byte] = static_cast<TokenId>(token->id);
    }
  }

  TokenId id_of(std::string_view text) const {
    const auto* token = index_.find(text);
    if (token == nullptr)
      fail("a merge needs the token " + in_quotes(text) + ", which is not in the vocabulary");
    return static_cast<TokenId>(token->id);
  }

  void read_merges() {
    parts_.merges.reserve(vocabulary_.merges.size());
    for (const auto& merge : vocabulary_.merges) {
      const std::string_view joined(vocabulary_.text.data() + merge.begin,
                                    merge.left_size + merge.right_size);
      const TokenId left = id_of(joined.substr(0, merge.left_size));
      const TokenId right = id_of(joined.substr(merge.left_size));
      parts_.merges.add(left, right, id_of(joined));
    }
  }

  void read_added(const json::object& token) {
    const auto content = as_text(member(token, "content"), "added_tokens");
    const uint64_t id = as_id(member(token, "id"), content);
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      if (flag(token, key, false))
        refuse("added token " + in_quotes(content) + ": " + key + " is not supported");
    }
    const auto* known = index_.find(content);
    if (known == nullptr) {
      parts_.tokens.add(id, content);
    } else if (known->id != id) {
      fail("added token " + in_quotes(content) + " has id " + std::to_string(id) +
           ", in the vocabulary another");
    }
    if (flag(token, "normalized", true)) {
      parts_.normal_added.add(id, normalized(content, parts_.normalization));
    } else {
      parts_.raw_added.add(id, content);
    }
  }

  const json::object& root_;
  const BpeVocabulary& vocabulary_;
  BpeTokenIndex index_;
  ByteAlphabet alphabet_;
  BpeParts parts_;
};

}  // namespace

bool looks_like_tokenizer_json(std::string_view file) {
  const size_t first = file.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && file[first] == '{';
}

std::unique_ptr<const Tokenizer> parse_tokenizer_json(std::string_view file) {
  const TokenizerJsonParts parts = split_tokenizer_json(file);
  json::error_code error;
  const json::value rest = json::parse(parts.rest, error);  // may refuse a number that the split let pass
  if (error) fail("broken JSON: " + error.message());
  const json::object& root = as_object(rest, "tokenizer.json");
  if (type_of(root, "model") == "WordLevel") {
    check_type(root, "normalizer", {"none"});
    return parse_wordlevel(text_of_part(root, "pre_tokenizer"), parts.vocabulary);
  }
  check_pipeline(root);
  check_model(as_object(root.at("model"), "model"));
  return make_bpe_tokenizer(Reader(root, parts.vocabulary).read());
}

}  // namespace rwkv
