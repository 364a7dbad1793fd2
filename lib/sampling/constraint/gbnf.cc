#include "sampling/constraint/gbnf.h"

#include <map>
#include <string>
#include <utility>

#include "core/printable.h"
#include "sampling/constraint/text_cursor.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

using Expression = Grammar::Expression;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : at_(text), rules_{{"root", 0}} { grammar_.add_rule("root"); }

  Grammar run() && {
    for (skip_space(true); !at_.at_end(); skip_space(true)) rule();
    if (!grammar_.rules()[0].is_defined) at_.fail("no rule is named root");
    for (size_t i = 0; i < grammar_.rules().size(); ++i) {
      const auto& rule = grammar_.rules()[i];
      if (!rule.is_defined) TextCursor::fail_at(first_used_[i], "no rule is named " + rule.name);
    }
    return std::move(grammar_);
  }

 private:
  void skip_space(bool over_lines) {
    for (;; at_.skip(1)) {
      if (at_.peek() == '#') {
        while (!at_.at_end() && at_.peek() != '\n') at_.skip(1);
      }
      const char c = at_.peek();
      const bool is_space = c == ' ' || c == '\t' || (over_lines && (c == '\n' || c == '\r'));
      if (at_.at_end() || !is_space) return;
    }
  }

  std::string name() {
    std::string name;
    for (; is_name(at_.peek()); at_.skip(1)) name += at_.peek();
    if (name.empty()) at_.fail("want the name of a rule, found " + at_.found());
    return name;
  }

  Grammar::RuleId rule_named(const std::string& name, TextPlace place) {
    const auto [found, is_new] = rules_.try_emplace(name, 0);
    if (is_new) found->second = grammar_.add_rule(printable(name));
    return first_used_.try_emplace(found->second, place), found->second;
  }

  void rule() {
    const TextPlace place = at_.place();
    const std::string rule_name = name();
    const Grammar::RuleId id = rule_named(rule_name, place);
    if (grammar_.rules()[id].is_defined)
      TextCursor::fail_at(place, "a second rule named " + printable(rule_name));
    skip_space(false);
    if (!at_.take("::=")) at_.fail("want ::=, found " + at_.found());
    skip_space(true);
    grammar_.define(id, alternatives(0));
    at_.take('\r');
    if (!at_.at_end() && !at_.take('\n')) at_.fail("want the end of the rule, found " + at_.found());
  }

  // In a group an alternative may go over several lines.
  Expression alternatives(size_t nesting) {
    if (nesting > kMaxNesting) at_.fail("groups are nested too deeply");
    std::vector<Expression> parts{sequence(nesting)};
    while (at_.take('|')) {
      skip_space(true);
      parts.push_back(sequence(nesting));
    }
    return grammar_.choice(std::move(parts));
  }

  Expression sequence(size_t nesting) {
    std::vector<Expression> parts;
    while (!at_.at_end() && std::string_view("|)\r\n").find(at_.peek()) == std::string_view::npos) {
      parts.push_back(repeated(element(nesting), nesting));
    }
    return grammar_.sequence(std::move(parts));
  }

  Expression element(size_t nesting) {
    if (at_.take('"')) return literal();
    if (at_.take('[')) return char_class();
    if (at_.take('.')) return grammar_.codes(complement({}));
    if (at_.peek() == '<' || at_.peek() == '!') at_.fail("references to tokens are not supported");
    if (at_.take('(')) {
      skip_space(true);
      const Expression group = alternatives(nesting + 1);
      if (!at_.take(')')) at_.fail("want ), found " + at_.found());
      return group;
    }
    const TextPlace place = at_.place();
    if (!is_name(at_.peek()))
      at_.fail("want a literal, a class, a group or the name of a rule, found " + at_.found());
    return grammar_.call(rule_named(name(), place), place);
  }

  Expression repeated(Expression part, size_t nesting) {
    for (size_t n = 0; n <= kMaxNesting; ++n) {
      skip_space(nesting > 0);
      if (at_.take('?')) {
        part = grammar_.optional(part);
      } else if (at_.take('*')) {
        part = grammar_.repeat(part, 0);
      } else if (at_.take('+')) {
        part = grammar_.repeat(part, 1);
      } else if (at_.take('{')) {
        const auto [least, most] = at_.take_bounds();
        part = grammar_.repeat(part, least, most);
      } else {
        return part;
      }
    }
    at_.fail("repetitions are nested too deeply");
  }

  Expression literal() {
    std::string text;
    while (!at_.take('"')) {
      if (at_.at_end()) at_.fail("a literal without its closing \"");
      append_utf8(code(), text);
    }
    return grammar_.bytes(text);
  }

  Expression char_class() {
    const bool is_negative = at_.take('^');
    std::vector<CodeRange> ranges;
    while (!at_.take(']')) {
      if (at_.at_end()) at_.fail("a class without its closing ]");
      const char32_t first = code();
      char32_t last = first;
      if (at_.peek() == '-' && at_.peek(1) != ']') {
        at_.skip(1);
        last = code();
        if (last < first) at_.fail("a range whose end comes before its beginning");
      }
      ranges.push_back({first, last});
    }
    CodeSet set = normalized(std::move(ranges));
    return grammar_.codes(is_negative ? complement(set) : std::move(set));
  }

  char32_t code() {
    if (at_.peek() != '\\') return at_.take_code();
    at_.skip(1);
    constexpr std::pair<char, char> kEscapes[] = {{'n', '\n'},  {'r', '\r'}, {'t', '\t'},
                                                  {'\\', '\\'}, {'"', '"'},  {'[', '['},
                                                  {']', ']'},   {'-', '-'},  {'^', '^'}};
    for (const auto& [letter, meaning] : kEscapes) {
      if (at_.take(letter)) return static_cast<char32_t>(meaning);
    }
    if (at_.take('x')) return at_.take_hex(2);
    if (at_.take('u')) return at_.take_hex(4);
    if (at_.take('U')) return at_.take_hex(8);
    at_.fail("no escape: \\ before " + at_.found());
  }

  TextCursor at_;
  Grammar grammar_;
  std::map<std::string, Grammar::RuleId> rules_;
  std::map<size_t, TextPlace> first_used_;  // by rule
};

}  // namespace

Grammar parse_gbnf(std::string_view text) { return Parser(text).run(); }

}  // namespace rwkv
