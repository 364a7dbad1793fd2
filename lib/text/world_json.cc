#include "text/world_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"
#include "text/world_tokenizer.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr std::string_view kSpace = " \t\r\n";

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

std::optional<uint64_t> number_in(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view after_space(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpace), text.size()));
}

// What stands behind the first key, and whether that is a number. Empty when there is none.
struct Begin {
  bool numbered = false;
  char value = '\0';
};
Begin begin_of(std::string_view file) {
  file = after_space(file);
  if (!file.starts_with('{')) return {};
  file = after_space(file.substr(1));
  if (!file.starts_with('"')) return {};
  size_t end = 1;
  while (end < file.size() && file[end] != '"') end += file[end] == '\\' ? 2 : 1;
  if (end >= file.size()) return {};
  const bool numbered = number_in(file.substr(1, end - 1)).has_value();
  file = after_space(file.substr(end + 1));
  if (!file.starts_with(':')) return {};
  file = after_space(file.substr(1));
  return file.empty() ? Begin{} : Begin{numbered, file.front()};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool has_text_keys(const Begin& begin) { return is_digit(begin.value); }

std::string bytes_in(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_array()) fail("want a text or an array of bytes");
  std::string bytes;
  for (const json::value& byte : value.get_array()) {
    if (!byte.is_int64() || byte.get_int64() < 0 || byte.get_int64() > 255) fail("want bytes from 0 to 255");
    bytes += static_cast<char>(byte.get_int64());
  }
  return bytes;
}

std::string bytes_of_latin1(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const Utf8Step step = valid_utf8_step(text);
    if (step.code > 0xff) {
      fail(
          "a character that is no byte, as byte-level BPE vocabularies have them: these need their "
          "tokenizer.json");
    }
    bytes += static_cast<char>(step.code);
    text.remove_prefix(step.bytes);
  }
  return bytes;
}

void add(TokenTable& table, uint64_t id, const std::string& bytes) {
  if (bytes.empty()) fail("an empty token");
  table.add(id, bytes);
}

void add_by_id(TokenTable& table, std::string_view key, const json::value& value) {
  const auto id = number_in(key);
  if (!id) fail("the key: want a whole number");
  add(table, *id, bytes_in(value));
}

void add_by_text(TokenTable& table, std::string_view key, const json::value& value) {
  if (!value.is_int64() || value.get_int64() < 0) fail("the id: want a whole number");
  add(table, static_cast<uint64_t>(value.get_int64()), bytes_of_latin1(key));
}

}  // namespace

bool looks_like_world_json(std::string_view file) {
  const Begin begin = begin_of(file);
  return has_text_keys(begin) || (begin.numbered && (begin.value == '"' || begin.value == '['));
}

std::unique_ptr<const Tokenizer> parse_world_json(std::string_view file) {
  const auto add_token = has_text_keys(begin_of(file)) ? add_by_text : add_by_id;
  json::error_code error;
  const json::value root = json::parse(file, error);
  if (error) fail("broken JSON: " + error.message());
  if (!root.is_object()) fail("want an object");
  TokenTable table;
  for (const auto& [key, value] : root.get_object()) {
    with_context("'" + printable(key) + "'", [&, &k = key, &v = value] { add_token(table, k, v); });
  }
  return make_world_tokenizer(std::move(table));
}

}  // namespace rwkv
