#include "sampling/constraint/regex_grammar.h"

#include <optional>
#include <string>
#include <utility>

#include "sampling/constraint/text_cursor.h"

namespace rwkv {
namespace {

using Expression = Grammar::Expression;

const CodeSet kDigits{{'0', '9'}}, kWord{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
    kSpace{{'\t', '\r'}, {' ', ' '}}, kLineBreaks{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

class Parser {
 public:
  Parser(std::string_view text, const RegexOptions& options, Grammar& grammar)
      : at_(text), options_(options), grammar_(grammar) {}

  Expression run() {
    std::vector<Expression> parts;
    do {
      parts.push_back(whole());
    } while (at_.take('|'));
    if (!at_.at_end()) at_.fail("a ) without its (");
    return grammar_.choice(std::move(parts));
  }

 private:
  // An alternative of the whole, with what may stand around it.
  Expression whole() {
    const bool begins = at_.take('^');
    std::vector<Expression> parts;
    if (options_.is_searched_for && !begins) parts.push_back(grammar_.repeat(character(complement({})), 0));
    parts.push_back(sequence(0));
    const bool ends = at_.take('$');
    if (ends && !at_.at_end() && at_.peek() != '|') at_.fail("$ is known only at the end");
    if (options_.is_searched_for && !ends) parts.push_back(grammar_.repeat(character(complement({})), 0));
    return grammar_.sequence(std::move(parts));
  }

  Expression alternatives(size_t nesting) {
    if (nesting > kMaxNesting) at_.fail("groups are nested too deeply");
    std::vector<Expression> parts;
    do {
      parts.push_back(sequence(nesting));
    } while (at_.take('|'));
    return grammar_.choice(std::move(parts));
  }

  bool at_end_of_sequence(size_t nesting) const {
    const char c = at_.peek();
    return at_.at_end() || c == '|' || c == ')' || (nesting == 0 && c == '$');
  }

  Expression sequence(size_t nesting) {
    std::vector<Expression> parts;
    while (!at_end_of_sequence(nesting)) parts.push_back(repeated(element(nesting)));
    return grammar_.sequence(std::move(parts));
  }

  Expression repeated(Expression part) {
    TextCursor::Range range{1, 1};
    if (at_.take('?')) {
      range = {0, 1};
    } else if (at_.take('*')) {
      range = {0, Grammar::kUnlimited};
    } else if (at_.take('+')) {
      range = {1, Grammar::kUnlimited};
    } else if (at_.take('{')) {
      range = at_.take_bounds();
    } else {
      return part;
    }
    at_.take('?');
    if (at_.peek() == '+') at_.fail("possessive repetitions are not supported");
    if (at_.peek() == '*' || at_.peek() == '?' || at_.peek() == '{') at_.fail("a repetition of a repetition");
    return grammar_.repeat(part, range.least, range.most);
  }

  Expression element(size_t nesting) {
    if (at_.take('(')) return group(nesting);
    if (at_.take('[')) return character(char_class());
    if (at_.take('.')) return character(complement(kLineBreaks));
    if (at_.peek() == '^' || at_.peek() == '$') at_.fail("^ and $ are known only at the ends");
    if (std::string_view("?*+{").find(at_.peek()) != std::string_view::npos)
      at_.fail("nothing to repeat in front of " + at_.found());
    return character(escape_or_code());
  }

  Expression group(size_t nesting) {
    if (at_.take('?')) skip_group_kind();
    const Expression inner = alternatives(nesting + 1);
    if (!at_.take(')')) at_.fail("a ( without its )");
    return inner;
  }

  // A group's name says nothing here.
  void skip_group_kind() {
    if (at_.take(':')) return;
    if (!at_.take('<') || at_.peek() == '=' || at_.peek() == '!')
      at_.fail("want (?: or (?<name>: look-around and flags are not supported");
    while (!at_.take('>')) at_.take_code();
  }

  CodeSet char_class() {
    const bool is_negative = at_.take('^');
    CodeSet set;
    while (!at_.take(']')) {
      if (at_.at_end()) at_.fail("a class without its closing ]");
      CodeSet part = escape_or_code();
      if (at_.peek() == '-' && at_.peek(1) != ']') {
        at_.skip(1);
        const CodeSet end = escape_or_code();
        if (!is_single(part) || !is_single(end) || end[0].first < part[0].first)
          at_.fail("a range wants two characters, the lower one first");
        part[0].last = end[0].first;
      }
      set = united(set, part);
    }
    return is_negative ? complement(set) : set;
  }

  static bool is_single(const CodeSet& set) { return set.size() == 1 && set[0].first == set[0].last; }

  CodeSet escape_or_code() {
    const char32_t code = at_.take_code();
    if (code != '\\') return {{code, code}};
    if (const auto set = class_escape()) return *set;
    const char32_t escaped = code_escape();
    return {{escaped, escaped}};
  }

  std::optional<CodeSet> class_escape() {
    const std::pair<char, const CodeSet*> classes[] = {{'d', &kDigits}, {'w', &kWord}, {'s', &kSpace}};
    for (const auto& [letter, set] : classes) {
      if (at_.take(letter)) return *set;
      if (at_.take(static_cast<char>(letter - 'a' + 'A'))) return complement(*set);
    }
    return std::nullopt;
  }

  char32_t code_escape() {
    constexpr std::pair<char, char> kEscapes[] = {
        {'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'f', '\f'}, {'v', '\v'}};
    for (const auto& [letter, meaning] : kEscapes) {
      if (at_.take(letter)) return static_cast<char32_t>(meaning);
    }
    if (at_.take('x')) return at_.take_hex(2);
    if (at_.take('u')) return at_.take_hex(4);
    const char c = at_.peek();
    if (c == '0' && (at_.peek(1) < '0' || at_.peek(1) > '9')) return at_.skip(1), U'\0';
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_word) at_.fail("\\ before " + at_.found() + " is not supported");
    return at_.take_code();
  }

  Expression character(const CodeSet& set) {
    return options_.character ? options_.character(grammar_, set) : grammar_.codes(set);
  }

  TextCursor at_;
  const RegexOptions& options_;
  Grammar& grammar_;
};

}  // namespace

Grammar::Expression parse_regex(std::string_view text, const RegexOptions& options, Grammar& grammar) {
  return Parser(text, options, grammar).run();
}

}  // namespace rwkv
