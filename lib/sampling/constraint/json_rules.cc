#include "sampling/constraint/json_rules.h"

#include <algorithm>
#include <span>

#include "core/error.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

using Expression = Grammar::Expression;

constexpr uint32_t kMaxDigits = 18, kMaxIndent = 20;
constexpr int64_t kLargest = 999'999'999'999'999'999;
constexpr size_t kMaxName = 500;  // characters

// Characters that stand in strings as they are.
const CodeSet& plain() {
  static const CodeSet set = complement({{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  return set;
}

std::u32string codes_of(std::string_view text) {
  std::u32string codes;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    codes += step.code;
    text.remove_prefix(step.bytes);
  }
  return codes;
}

std::string escape_of(char32_t code) {
  constexpr std::pair<char, char> kShort[] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                              {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
  for (const auto& [c, letter] : kShort) {
    if (code == static_cast<char32_t>(c)) return {'\\', letter};
  }
  return std::string("\\u00") + "0123456789abcdef"[code >> 4] + "0123456789abcdef"[code & 15];
}

}  // namespace

// A rule may call itself on the way: its number stands before its body does.
Expression JsonRules::call(Rule& rule, const char* name, Expression (JsonRules::*body)()) {
  if (!rule) {
    rule = grammar_.add_rule(name);
    grammar_.define(*rule, (this->*body)());
  }
  return grammar_.call(*rule);
}

Expression JsonRules::value_body() {
  return grammar_.choice({object(), array(), string(), number(), boolean(), null()});
}

Expression JsonRules::object_body() {
  return bracketed("{}", list(grammar_.sequence({string(), grammar_.bytes(":"),
                                                 grammar_.optional(grammar_.bytes(" ")), value()}),
                              0, Grammar::kUnlimited));
}

Expression JsonRules::array_body() { return bracketed("[]", list(value(), 0, Grammar::kUnlimited)); }

Expression JsonRules::string_body() { return quoted(grammar_.repeat(character_body(), 0)); }

Expression JsonRules::string(uint32_t least, uint32_t most) {
  return quoted(grammar_.repeat(character(), least, most));
}

Expression JsonRules::quoted(Expression content) {
  return grammar_.sequence({grammar_.bytes("\""), content, grammar_.bytes("\"")});
}

// No halves of surrogate pairs: they are no characters.
Expression JsonRules::character_body() {
  const CodeSet hex{{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  const auto one_of = [&](CodeSet set) { return grammar_.codes(std::move(set)); };
  const Expression letter = one_of(normalized(
      {{'"', '"'}, {'\\', '\\'}, {'/', '/'}, {'b', 'b'}, {'f', 'f'}, {'n', 'n'}, {'r', 'r'}, {'t', 't'}}));
  const Expression not_d = one_of({{'0', '9'}, {'A', 'C'}, {'E', 'F'}, {'a', 'c'}, {'e', 'f'}});
  const Expression low_plane =
      grammar_.choice({grammar_.sequence({not_d, one_of(hex)}),
                       grammar_.sequence({one_of({{'D', 'D'}, {'d', 'd'}}), one_of({{'0', '7'}})})});
  const Expression number = grammar_.sequence({grammar_.bytes("u"), low_plane, one_of(hex), one_of(hex)});
  return grammar_.choice(
      {one_of(plain()), grammar_.sequence({grammar_.bytes("\\"), grammar_.choice({letter, number})})});
}

Expression JsonRules::character_of(Grammar& grammar, const CodeSet& set) {
  std::vector<Expression> parts{grammar.codes(intersection(set, plain()))};
  for (const CodeRange& range : intersection(set, complement(plain()))) {
    for (char32_t code = range.first; code <= range.last; ++code)
      parts.push_back(grammar.bytes(escape_of(code)));
  }
  return grammar.choice(std::move(parts));
}

Expression JsonRules::space_body() {
  const Expression indent = grammar_.repeat(grammar_.bytes(" "), 0, kMaxIndent);
  return grammar_.choice(
      {grammar_.nothing(), grammar_.bytes(" "), grammar_.sequence({grammar_.bytes("\n"), indent})});
}

Expression JsonRules::comma() { return grammar_.sequence({grammar_.bytes(","), space()}); }

Expression JsonRules::bracketed(std::string_view brackets, Expression content) {
  return grammar_.sequence(
      {grammar_.bytes(brackets.substr(0, 1)), space(), content, space(), grammar_.bytes(brackets.substr(1))});
}

Expression JsonRules::list(Expression thing, uint32_t least, uint32_t most) {
  if (most == 0) return grammar_.nothing();
  const uint32_t more = most == Grammar::kUnlimited ? most : most - 1;
  const Expression rest =
      grammar_.repeat(grammar_.sequence({comma(), thing}), least > 1 ? least - 1 : 0, more);
  const Expression some = grammar_.sequence({thing, rest});
  return least == 0 ? grammar_.optional(some) : some;
}

Expression JsonRules::member(std::string_view quoted_name, Expression value) {
  return grammar_.sequence(
      {grammar_.bytes(std::string(quoted_name) + ":"), grammar_.optional(grammar_.bytes(" ")), value});
}

Expression JsonRules::plain_characters_body() { return grammar_.repeat(grammar_.codes(plain()), 0); }

// A name of plain characters; `names`, in order, have the same first `depth` ones.
Expression JsonRules::name_but(std::span<const std::u32string> names, size_t depth) {
  std::vector<Expression> parts;
  std::vector<CodeRange> taken;
  bool is_name = false;
  for (size_t first = 0, last; first < names.size(); first = last) {
    last = first + 1;
    if (names[first].size() == depth) {
      is_name = true;
      continue;
    }
    const char32_t code = names[first][depth];
    while (last < names.size() && names[last][depth] == code) ++last;
    taken.push_back({code, code});
    parts.push_back(grammar_.sequence(
        {character_of(grammar_, {{code, code}}), name_but(names.subspan(first, last - first), depth + 1)}));
  }
  const CodeSet others = intersection(plain(), complement(normalized(taken)));
  parts.push_back(grammar_.sequence(
      {grammar_.codes(others), call(plain_characters_, "characters", &JsonRules::plain_characters_body)}));
  if (!is_name) parts.push_back(grammar_.nothing());
  return grammar_.choice(std::move(parts));
}

Expression JsonRules::other_member(const std::vector<std::string>& names, Expression value) {
  std::vector<std::u32string> sorted;
  for (const std::string& name : names) {
    sorted.push_back(codes_of(name));
    if (sorted.back().size() > kMaxName)
      throw Error(ErrorKind::kUnsupported, "a name of more than " + std::to_string(kMaxName) + " characters");
  }
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return grammar_.sequence(
      {quoted(name_but(sorted, 0)), grammar_.bytes(":"), grammar_.optional(grammar_.bytes(" ")), value});
}

Expression JsonRules::digits(uint32_t least, uint32_t most) {
  return grammar_.repeat(grammar_.codes({{'0', '9'}}), least, most);
}

// Up to 16 digits on either side of the point, and an exponent of two.
Expression JsonRules::number_body() {
  constexpr uint32_t kDigits = 16;
  const Expression whole = grammar_.choice(
      {grammar_.bytes("0"), grammar_.sequence({grammar_.codes({{'1', '9'}}), digits(0, kDigits - 1)})});
  const Expression fraction = grammar_.sequence({grammar_.bytes("."), digits(1, kDigits)});
  const Expression exponent =
      grammar_.sequence({grammar_.codes({{'E', 'E'}, {'e', 'e'}}),
                         grammar_.optional(grammar_.codes({{'+', '+'}, {'-', '-'}})), digits(1, 2)});
  return grammar_.sequence({grammar_.optional(grammar_.bytes("-")), whole, grammar_.optional(fraction),
                            grammar_.optional(exponent)});
}

Expression JsonRules::integer(std::optional<int64_t> least, std::optional<int64_t> most) {
  const int64_t low = std::clamp(least.value_or(-kLargest), -kLargest, kLargest);
  const int64_t high = std::clamp(most.value_or(kLargest), -kLargest, kLargest);
  std::vector<Expression> parts;
  if (high >= 0 && low <= high)
    parts.push_back(between(static_cast<uint64_t>(std::max<int64_t>(low, 0)), static_cast<uint64_t>(high)));
  if (low < 0 && low <= high) {
    const auto nearest = static_cast<uint64_t>(high < 0 ? -high : 1);
    parts.push_back(grammar_.sequence({grammar_.bytes("-"), between(nearest, static_cast<uint64_t>(-low))}));
  }
  return grammar_.choice(std::move(parts));
}

Expression JsonRules::between(uint64_t least, uint64_t most) {
  std::vector<Expression> parts;
  uint64_t first = 0;  // of numbers of so many digits
  for (uint32_t n_digits = 1; n_digits <= kMaxDigits; ++n_digits) {
    const uint64_t next = std::max<uint64_t>(first, 1) * 10;
    const uint64_t low = std::max(least, first), high = std::min(most, next - 1);
    if (low <= high) parts.push_back(between(std::to_string(low), std::to_string(high)));
    first = next;
  }
  return grammar_.choice(std::move(parts));
}

// Digits of equal number.
Expression JsonRules::between(std::string_view least, std::string_view most) {
  if (least.empty()) return grammar_.nothing();
  const auto n_more = static_cast<uint32_t>(least.size() - 1);
  const bool is_free = least.find_first_not_of('0') == std::string_view::npos &&
                       most.find_first_not_of('9') == std::string_view::npos;
  if (is_free) return digits(n_more + 1, n_more + 1);
  const auto digit = [&](char c) { return grammar_.bytes(std::string_view(&c, 1)); };
  if (least[0] == most[0])
    return grammar_.sequence({digit(least[0]), between(least.substr(1), most.substr(1))});
  const std::string zeros(n_more, '0'), nines(n_more, '9');
  std::vector<Expression> parts{grammar_.sequence({digit(least[0]), between(least.substr(1), nines)}),
                                grammar_.sequence({digit(most[0]), between(zeros, most.substr(1))})};
  if (least[0] + 1 < most[0]) {
    const CodeRange inner{static_cast<char32_t>(least[0] + 1), static_cast<char32_t>(most[0] - 1)};
    parts.push_back(grammar_.sequence({grammar_.codes({inner}), digits(n_more, n_more)}));
  }
  return grammar_.choice(std::move(parts));
}

}  // namespace rwkv
