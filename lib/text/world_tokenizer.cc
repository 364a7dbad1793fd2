#include "text/world_tokenizer.h"

#include <charconv>
#include <utility>

#include "core/error.h"
#include "text/byte_trie.h"
#include "text/inner_pairs.h"
#include "text/python_literal.h"

namespace rwkv {
namespace {

class WorldTokenizer final : public Tokenizer {
 public:
  explicit WorldTokenizer(TokenTable table) : Tokenizer(std::move(table)), trie_(tokens()) {
    tokens().for_each([&](std::string_view bytes, TokenId) { inner_pairs_.add(bytes); });
  }

  std::string_view kind() const override { return "World"; }
  InvalidUtf8 invalid_output() const override { return InvalidUtf8::kKeep; }

  size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids,
                     Scratch* scratch) const override {
    constexpr size_t kAtOnce = 512;
    TokenId some[kAtOnce];
    size_t at = 0, n = 0;
    for (; at < text.size(); ++n) {
      if (n == kAtOnce) ids.insert(ids.end(), some, some + std::exchange(n, 0));
      const auto match = trie_.longest(text.substr(at));
      if (match.is_cut && more_follows) break;
      if (match.bytes == 0) refuse_byte(text[at], scratch->offset + at);
      some[n] = match.id;
      at += match.bytes;
    }
    ids.insert(ids.end(), some, some + n);
    return at;
  }

  size_t last_cut(std::string_view text) const override {
    size_t at = text.empty() ? 0 : text.size() - 1;
    while (at > 0 && inner_pairs_.contains(text[at - 1], text[at])) --at;
    return at;
  }

 private:
  [[noreturn]] static void refuse_byte(char c, uint64_t offset) {
    throw Error(ErrorKind::kFormat, "byte " + std::to_string(offset) +
                                        ": no token of the vocabulary begins with " +
                                        std::to_string(static_cast<unsigned char>(c)));
  }

  ByteTrie trie_;
  InnerPairs inner_pairs_;
};

uint64_t parse_number(std::string_view digits, const char* what) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw Error(ErrorKind::kFormat, std::string(what) + " is not a number");
  }
  return value;
}

// The literal may contain spaces: it stands between the first and the last one.
void add_line(std::string_view line, TokenTable& table) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == last) throw Error(ErrorKind::kFormat, "want: id 'token' length");
  const uint64_t id = parse_number(line.substr(0, first), "the id");
  const uint64_t length = parse_number(line.substr(last + 1), "the length");
  const std::string bytes = parse_python_literal(line.substr(first + 1, last - first - 1));
  if (bytes.size() != length) {
    throw Error(ErrorKind::kFormat, "the token has " + std::to_string(bytes.size()) +
                                        " bytes, the line says " + std::to_string(length));
  }
  if (bytes.empty()) throw Error(ErrorKind::kFormat, "an empty token");
  table.add(id, bytes);
}

}  // namespace

bool looks_like_world_vocabulary(std::string_view file) {
  const size_t n_digits = file.find_first_not_of("0123456789");
  if (n_digits == 0 || n_digits == std::string_view::npos || file[n_digits] != ' ') return false;
  const auto literal = file.substr(n_digits + 1, 1);
  return !literal.empty() && std::string_view("'\"bB").find(literal) != std::string_view::npos;
}

std::unique_ptr<const Tokenizer> make_world_tokenizer(TokenTable tokens) {
  return std::make_unique<WorldTokenizer>(std::move(tokens));
}

std::unique_ptr<const Tokenizer> parse_world_vocabulary(std::string_view file) {
  constexpr size_t kShortestLine = sizeof "1 'a' 1";
  TokenTable table;
  table.reserve(file.size(), file.size() / kShortestLine);
  size_t number = 0;
  try {
    while (!file.empty()) {
      ++number;
      const size_t end = file.find('\n');
      auto line = file.substr(0, end);
      file.remove_prefix(end == std::string_view::npos ? file.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) add_line(line, table);
    }
  } catch (const Error& e) {
    throw e.in_context("line " + std::to_string(number));
  }
  return make_world_tokenizer(std::move(table));
}

}  // namespace rwkv
