#include "text/wordlevel_json.h"

#include <boost/json.hpp>
#include <cctype>
#include <string>

#include "core/error.h"
#include "core/printable.h"
#include "text/byte_alphabet.h"
#include "text/world_tokenizer.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kUnsupported,
              "model 'WordLevel' is supported as the World vocabulary's form only: " + why);
}

// Null when there is no such step, or it is not as `want` says.
const json::value* at_pointer(const json::value& root, std::string_view pointer) {
  json::error_code ignored;
  return root.find_pointer(pointer, ignored);
}

bool is(const json::value& root, std::string_view pointer, const json::value& want) {
  const json::value* value = at_pointer(root, pointer);
  return value != nullptr && *value == want;
}

// The Split's expression.
std::string pattern_of(std::string_view pre_tokenizer) {
  json::error_code error;
  const json::value root = json::parse(pre_tokenizer, error);
  const bool known =
      !error && is(root, "/type", "Sequence") && is(root, "/pretokenizers/0/type", "ByteLevel") &&
      is(root, "/pretokenizers/0/add_prefix_space", false) && is(root, "/pretokenizers/0/use_regex", false) &&
      is(root, "/pretokenizers/1/type", "Split") && is(root, "/pretokenizers/1/behavior", "Isolated") &&
      is(root, "/pretokenizers/1/invert", false) && at_pointer(root, "/pretokenizers/2") == nullptr;
  const json::value* pattern = known ? at_pointer(root, "/pretokenizers/1/pattern/Regex") : nullptr;
  if (pattern == nullptr || !pattern->is_string()) refuse("want the pre_tokenizers ByteLevel and Split");
  std::string_view text = pattern->get_string();
  if (text.starts_with("(?:") && text.ends_with(")")) text = text.substr(3, text.size() - 4);
  return std::string(text);
}

// Calls on_token(text) for the alternatives of an expression that has nothing but them.
template <class OnToken>
void for_each_alternative(std::string_view pattern, OnToken&& on_token) {
  constexpr std::string_view kSpecial = "[](){}^$.?*+";
  std::string token;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool escaped = pattern[i] == '\\' && i + 1 < pattern.size();
    if (!escaped && pattern[i] == '|') {
      on_token(token);
      token.clear();
      continue;
    }
    if (!escaped && kSpecial.find(pattern[i]) != kSpecial.npos) refuse("the Split has more than tokens");
    if (escaped && std::isalnum(static_cast<unsigned char>(pattern[i + 1])) != 0)
      refuse("the Split has more than tokens");
    token += pattern[i += escaped ? 1 : 0];
  }
  on_token(token);
}

}  // namespace

std::unique_ptr<const Tokenizer> parse_wordlevel(std::string_view pre_tokenizer,
                                                 const BpeVocabulary& vocabulary) {
  const BpeTokenIndex index(vocabulary);
  const ByteAlphabet alphabet;
  TokenTable table;
  size_t longest = std::string::npos;
  for_each_alternative(pattern_of(pre_tokenizer), [&](const std::string& text) {
    const auto* token = index.find(text);
    if (token == nullptr) refuse("the Split's '" + printable(text) + "' is not in the vocabulary");
    const std::string bytes = alphabet.bytes_of(text);
    if (bytes.empty() || bytes.size() > longest) refuse("the Split's tokens are not the longest first");
    longest = bytes.size();
    table.add(token->id, bytes);
  });
  return make_world_tokenizer(std::move(table));
}

}  // namespace rwkv
