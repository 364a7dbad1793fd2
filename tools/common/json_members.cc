#include "common/json_members.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "common/json_fields.h"
#include "core/error.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::kUsage, "not JSON: " + what); }

// Finds where values begin and end; whether they are well formed inside is left to others.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { skip_space(); }

  bool at_end() const { return at_ == text_.size(); }
  // Takes `c`, and the white space behind it, if it comes next.
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    skip_space();
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("syntax error");
  }
  std::string_view value() {
    const size_t begin = at_;
    if (at_end()) fail("incomplete JSON");
    if (text_[at_] == '"') {
      skip_string();
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      skip_nested();
    } else {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
    const auto found = text_.substr(begin, at_ - begin);
    if (found.empty()) fail("syntax error");
    skip_space();
    return found;
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\' ? 1 : 0;
    if (at_ >= text_.size()) fail("incomplete JSON");
    ++at_;
  }
  void skip_nested() {
    size_t depth = 0;
    do {
      at_ = text_.find_first_of("\"[]{}", at_);
      if (at_ == std::string_view::npos) fail("incomplete JSON");
      if (text_[at_] == '"') {
        skip_string();
        continue;
      }
      text_[at_] == '[' || text_[at_] == '{' ? ++depth : --depth;
      ++at_;
    } while (depth > 0);
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::optional<uint64_t> plain_number(std::string_view text) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  return number;
}

}  // namespace

json::value parse_json(std::string_view text) {
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  if (error) fail(error.message());
  return value;
}

json::object parse_json_object(std::string_view text) {
  json::value value = parse_json(text);
  if (!value.is_object()) throw Error(ErrorKind::kUsage, "not a JSON object");
  return std::move(value.get_object());
}

json::object parse_members(std::string_view line, std::span<RawMember> raw) {
  Scanner scanner(line);
  if (!scanner.take('{')) {
    parse_json(line);
    throw Error(ErrorKind::kUsage, "not a JSON object");
  }
  json::object object;
  if (!scanner.take('}')) {
    do {
      const json::value key = parse_json(scanner.value());
      if (!key.is_string()) fail("syntax error");
      scanner.expect(':');
      const std::string_view text = scanner.value();
      const auto found = std::ranges::find(raw, std::string_view(key.get_string()), &RawMember::key);
      if (found != raw.end()) {
        found->text = text;
      } else {
        object[key.get_string()] = parse_json(text);
      }
    } while (scanner.take(','));
    scanner.expect('}');
  }
  if (!scanner.at_end()) fail("extra data");
  return object;
}

std::vector<std::string_view> json_elements(std::string_view array) {
  Scanner scanner(array);
  scanner.expect('[');
  std::vector<std::string_view> elements;
  if (scanner.take(']')) return elements;
  do {
    elements.push_back(scanner.value());
  } while (scanner.take(','));
  scanner.expect(']');
  return elements;
}

std::vector<TokenId> ids_of_json(std::string_view key, std::string_view array, size_t n_vocab) {
  if (!array.starts_with('[')) fail_field(key, parse_json(array), "an array of ids");
  std::vector<TokenId> ids;
  Scanner scanner(array);
  scanner.expect('[');
  if (scanner.take(']')) return ids;
  do {
    const std::string_view element = scanner.value();
    const auto number = plain_number(element);
    ids.push_back(number && *number < n_vocab ? static_cast<TokenId>(*number)
                                              : id_field(key, parse_json(element), n_vocab));
  } while (scanner.take(','));
  scanner.expect(']');
  return ids;
}

}  // namespace rwkv
