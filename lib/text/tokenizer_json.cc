#include "text/tokenizer_json.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/printable.h"
#include "text/bpe_tokenizer.h"
#include "text/bpe_vocabulary.h"
#include "text/byte_alphabet.h"
#include "text/unicode.h"

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

[[noreturn]] void refuse_id(std::string_view token) {
  fail("the id of " + in_quotes(token) + ": want a whole number");
}

uint64_t as_id(const json::value& value, std::string_view token) {
  if (const auto* id = value.if_int64(); id != nullptr && *id >= 0) return static_cast<uint64_t>(*id);
  refuse_id(token);
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
  check_type(root, "normalizer", {"none", "NFC"});
  check_type(root, "pre_tokenizer", {"ByteLevel"});
  check_type(root, "model", {"BPE"});
  check_type(root, "post_processor", {"none", "ByteLevel"});
  check_type(root, "decoder", {"ByteLevel"});
  const auto& split = root.at("pre_tokenizer").as_object();
  if (flag(split, "add_prefix_space", true)) refuse("add_prefix_space is not supported: want false");
  if (!flag(split, "use_regex", true)) refuse("use_regex false is not supported");
}

// Settings that would change the ids, and which byte-level vocabularies leave empty.
void check_model(const json::object& model) {
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    const json::value* value = model.if_contains(key);
    const bool empty =
        value == nullptr || value->is_null() || (value->is_string() && value->get_string().empty());
    if (!empty) refuse(std::string("model: ") + key + " is not supported");
  }
  for (const char* key : {"ignore_merges", "byte_fallback"}) {
    if (flag(model, key, false)) refuse(std::string("model: ") + key + " is not supported");
  }
}

// Takes the vocabulary out of a file that is parsed; the rest becomes JSON, in which both parts are empty.
class Handler {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Boost's names
  static constexpr size_t max_object_size = json::object::max_size(),
                          max_array_size = json::array::max_size(), max_key_size = json::string::max_size(),
                          max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  BpeVocabulary vocabulary;
  json::value_stack rest;

  static bool on_document_begin(json::error_code&) { return true; }
  static bool on_document_end(json::error_code&) { return true; }
  static bool on_number_part(std::string_view, json::error_code&) { return true; }
  static bool on_comment_part(std::string_view, json::error_code&) { return true; }
  static bool on_comment(std::string_view, json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) {
    want_elsewhere();
    if (depth_++ == kModelDepth && next_ == Place::kVocab) {
      place_ = Place::kVocab;
      vocabulary.tokens.clear();
    }
    return true;
  }

  bool on_object_end(size_t n, json::error_code&) {
    --depth_;
    rest.push_object(std::exchange(place_, Place::kElsewhere) == Place::kVocab ? 0 : n);
    return true;
  }

  bool on_array_begin(json::error_code&) {
    if (place_ == Place::kMerges) {
      place_ = Place::kMergePair;
      n_in_pair_ = 0;
    } else {
      want_elsewhere();
      if (depth_ == kModelDepth && next_ == Place::kMerges) {
        place_ = Place::kMerges;
        vocabulary.merges.clear();
      }
    }
    ++depth_;
    return true;
  }

  bool on_array_end(size_t n, json::error_code&) {
    --depth_;
    if (place_ == Place::kMergePair) {
      if (n != 2) refuse_value();
      place_ = Place::kMerges;
      end_merge();
    } else {
      rest.push_array(std::exchange(place_, Place::kElsewhere) == Place::kMerges ? 0 : n);
    }
    return true;
  }

  bool on_key_part(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) {
      vocabulary.text += part;
    } else {
      rest.push_chars(part);
      key_ += part;
    }
    return true;
  }

  bool on_key(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) {
      vocabulary.text += part;
      const uint32_t begin = std::exchange(begin_, text_size());
      vocabulary.tokens.push_back({begin, begin_ - begin, 0});
    } else {
      rest.push_key(part);
      key_ += part;
      follow_key();
    }
    return true;
  }

  bool on_string_part(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) refuse_value();
    if (place_ == Place::kElsewhere) {
      rest.push_chars(part);
    } else {
      vocabulary.text += part;
    }
    return true;
  }

  bool on_string(std::string_view part, size_t n, json::error_code& error) {
    if (place_ == Place::kElsewhere) return rest.push_string(part), true;
    on_string_part(part, n, error);
    if (place_ == Place::kMerges) {
      split_merge();
      end_merge();
    } else if (n_in_pair_++ == 0) {
      left_size_ = text_size() - begin_;
    }
    return true;
  }

  bool on_int64(int64_t number, std::string_view, json::error_code&) {
    if (place_ == Place::kVocab && number >= 0) {
      vocabulary.tokens.back().id = static_cast<uint64_t>(number);
    } else {
      want_elsewhere();
      rest.push_int64(number);
    }
    return true;
  }
  bool on_uint64(uint64_t number, std::string_view, json::error_code&) {
    return want_elsewhere(), rest.push_uint64(number), true;
  }
  bool on_double(double number, std::string_view, json::error_code&) {
    return want_elsewhere(), rest.push_double(number), true;
  }
  bool on_bool(bool value, json::error_code&) { return want_elsewhere(), rest.push_bool(value), true; }
  bool on_null(json::error_code&) { return want_elsewhere(), rest.push_null(), true; }

 private:
  enum class Place : uint8_t { kElsewhere, kVocab, kMerges, kMergePair };
  static constexpr size_t kModelDepth = 2;  // of the model's members

  uint32_t text_size() const { return static_cast<uint32_t>(vocabulary.text.size()); }

  void follow_key() {
    if (depth_ < kModelDepth) in_model_ = key_ == "model";
    const bool is_member = in_model_ && depth_ == kModelDepth;
    if (depth_ <= kModelDepth) {
      next_ = is_member && key_ == "vocab"    ? Place::kVocab
              : is_member && key_ == "merges" ? Place::kMerges
                                              : Place::kElsewhere;
    }
    key_.clear();
  }

  void split_merge() {
    const size_t space = vocabulary.text.find(' ', begin_);
    if (space == std::string::npos) refuse_value();
    vocabulary.text.erase(space, 1);
    left_size_ = static_cast<uint32_t>(space) - begin_;
  }

  void end_merge() {
    const uint32_t begin = std::exchange(begin_, text_size());
    vocabulary.merges.push_back({begin, left_size_, begin_ - begin - left_size_});
  }

  void want_elsewhere() const {
    if (place_ != Place::kElsewhere) refuse_value();
  }

  [[noreturn]] void refuse_value() const {
    if (place_ == Place::kVocab) refuse_id(vocabulary.text_of(vocabulary.tokens.back()));
    fail("merge " + std::to_string(vocabulary.merges.size() + 1) +
         R"(: want "left right" or ["left", "right"])");
  }

  Place place_ = Place::kElsewhere;
  Place next_ = Place::kElsewhere;  // where the value behind the model's key at hand stands
  size_t depth_ = 0;                // objects and arrays around
  bool in_model_ = false;
  std::string key_;
  uint32_t begin_ = 0;                      // of the token or merge at hand
  uint32_t left_size_ = 0, n_in_pair_ = 0;  // of the merge at hand
};

class Reader {
 public:
  Reader(const json::object& root, const BpeVocabulary& vocabulary)
      : root_(root), vocabulary_(vocabulary), index_(vocabulary) {
    const auto& model = as_object(member(root, "model"), "model");
    as_object(member(model, "vocab"), "vocab");
    as_array(member(model, "merges"), "merges");
  }

  BpeParts read() {
    parts_.normalizes = type_of(root_, "normalizer") == "NFC";
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
      parts_.normal_added.add(id, parts_.normalizes ? nfc(content) : std::string(content));
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
  if (file.size() > std::numeric_limits<uint32_t>::max()) fail("more than 4 GB");
  json::basic_parser<Handler> parser({});
  Handler& handler = parser.handler();
  handler.vocabulary.text.reserve(file.size());
  json::error_code error;
  const size_t end = parser.write_some(false, file.data(), file.size(), error);
  if (!error && end < file.size()) error = json::error::extra_data;
  if (error) fail("broken JSON: " + error.message());
  const json::value root = handler.rest.release();
  check_pipeline(as_object(root, "tokenizer.json"));
  check_model(as_object(root.as_object().at("model"), "model"));
  return make_bpe_tokenizer(Reader(root.as_object(), handler.vocabulary).read());
}

}  // namespace rwkv
