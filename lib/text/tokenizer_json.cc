#include "text/tokenizer_json.h"

#include <boost/json.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>

#include "core/error.h"
#include "core/printable.h"
#include "text/bpe_tokenizer.h"
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

class Reader {
 public:
  explicit Reader(const json::object& root)
      : root_(root),
        model_(as_object(member(root, "model"), "model")),
        vocab_(as_object(member(model_, "vocab"), "vocab")) {}

  BpeParts read() {
    parts_.normalizes = type_of(root_, "normalizer") == "NFC";
    read_vocab();
    read_bytes();
    const auto& merges = as_array(member(model_, "merges"), "merges");
    parts_.merges.reserve(merges.size());
    for (const auto& merge : merges) read_merge(merge);
    if (const auto* added = root_.if_contains("added_tokens")) {
      for (const auto& token : as_array(*added, "added_tokens")) read_added(as_object(token, "added_tokens"));
    }
    return std::move(parts_);
  }

 private:
  void read_vocab() {
    ids_.reserve(vocab_.size());
    for (const auto& [key, value] : vocab_) {
      const uint64_t id = as_id(value, key);
      const std::string bytes = alphabet_.bytes_of(key);
      if (bytes.empty()) fail("id " + std::to_string(id) + ": an empty token");
      parts_.tokens.add(id, bytes);
      ids_.emplace(key, static_cast<TokenId>(id));
    }
  }

  void read_bytes() {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const auto* value = vocab_.if_contains(alphabet_.character_of(static_cast<unsigned char>(byte)));
      if (value != nullptr) parts_.byte_ids[byte] = static_cast<TokenId>(value->as_int64());
    }
  }

  TokenId id_of(std::string_view token) const {
    const auto found = ids_.find(token);
    if (found == ids_.end())
      fail("a merge needs the token " + in_quotes(token) + ", which is not in the vocabulary");
    return found->second;
  }

  // "left right", or ["left", "right"] in newer files.
  void read_merge(const json::value& merge) {
    std::string_view left, right;
    if (const auto* pair = merge.if_array(); pair != nullptr && pair->size() == 2) {
      left = as_text((*pair)[0], "merges"), right = as_text((*pair)[1], "merges");
    } else {
      const auto text = as_text(merge, "merges");
      const size_t space = text.find(' ');
      if (space == std::string_view::npos) fail("merge " + in_quotes(text) + ": want two tokens");
      left = text.substr(0, space), right = text.substr(space + 1);
    }
    joined_.assign(left).append(right);
    const TokenId left_id = id_of(left), right_id = id_of(right);
    parts_.merges.add(left_id, right_id, id_of(joined_));
  }

  void read_added(const json::object& token) {
    const auto content = as_text(member(token, "content"), "added_tokens");
    const uint64_t id = as_id(member(token, "id"), content);
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      if (flag(token, key, false))
        refuse("added token " + in_quotes(content) + ": " + key + " is not supported");
    }
    const auto* known = vocab_.if_contains(content);
    if (known == nullptr) {
      parts_.tokens.add(id, content);
    } else if (static_cast<uint64_t>(known->as_int64()) != id) {
      fail("added token " + in_quotes(content) + " has id " + std::to_string(id) +
           ", in the vocabulary another");
    }
    if (flag(token, "normalized", true)) {
      parts_.normal_added.push_back(
          {parts_.normalizes ? nfc(content) : std::string(content), static_cast<TokenId>(id)});
    } else {
      parts_.raw_added.push_back({std::string(content), static_cast<TokenId>(id)});
    }
  }

  const json::object &root_, &model_, &vocab_;
  boost::unordered_flat_map<std::string_view, TokenId, std::hash<std::string_view>> ids_;  // of vocab_
  ByteAlphabet alphabet_;
  std::string joined_;  // the token that a merge makes
  BpeParts parts_;
};

}  // namespace

bool looks_like_tokenizer_json(std::string_view file) {
  const size_t first = file.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && file[first] == '{';
}

std::unique_ptr<const Tokenizer> parse_tokenizer_json(std::string_view file) {
  json::monotonic_resource memory;
  json::error_code error;
  const json::value root = json::parse(file, error, &memory);
  if (error) fail("broken JSON: " + error.message());
  check_pipeline(as_object(root, "tokenizer.json"));
  check_model(as_object(root.as_object().at("model"), "model"));
  return make_bpe_tokenizer(Reader(root.as_object()).read());
}

}  // namespace rwkv
