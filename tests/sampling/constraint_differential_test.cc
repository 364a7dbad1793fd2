// Constraints against languages read slowly, and regular expressions against the standard library's.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <regex>

#include "core/error.h"
#include "sampling/constraint/constraints.h"
#include "sampling/constraint/gbnf.h"
#include "sampling/constraint/json_schema.h"
#include "support/naive_language.h"

namespace rwkv {
namespace {

using Random = std::mt19937;

size_t below(size_t n, Random& random) { return random() % n; }

std::shared_ptr<const TokenTrie> trie_of(const std::vector<std::string>& tokens) {
  return std::make_shared<TokenTrie>(tokens.size(), [&](TokenId id) { return std::string_view(tokens[id]); });
}

// Id 0 has no bytes; one token comes twice.
const std::vector<std::string> kLetters = {"",
                                           "a",
                                           "b",
                                           "\xC3",
                                           "\xA9",
                                           "aa",
                                           "ab",
                                           "ba",
                                           "bb",
                                           "\xC3\xA9",
                                           "aab",
                                           "aba",
                                           "abb",
                                           "bab",
                                           "bba",
                                           "a\xC3",
                                           "\xA9"
                                           "b",
                                           "ab",
                                           "abab",
                                           "c"};

std::vector<bool> allowed(const Constraint& constraint, const ConstraintState& state, size_t n) {
  std::vector<float> logits(n, 1);
  constraint.forbid(logits, state);
  std::vector<bool> result;
  for (const float x : logits) result.push_back(x == 1);
  return result;
}

// Draws ids at random and compares what may follow at each place. Returns how many places were compared.
size_t compare(const Grammar& grammar, const std::vector<std::string>& tokens, size_t n_ids, Random& random) {
  const Constraint constraint(grammar, trie_of(tokens), "digest");
  NaiveLanguage language(grammar);
  ConstraintState state;
  std::string text;
  for (size_t n = 0; n < n_ids; ++n) {
    const auto may_follow = allowed(constraint, state, tokens.size() + 3);
    std::vector<TokenId> choices;
    for (TokenId id = 0; id < may_follow.size(); ++id) {
      const bool has_bytes = id > 0 && id < tokens.size() && !tokens[id].empty();
      const bool wanted =
          has_bytes ? language.has_beginning(text + tokens[id]) : id == 0 && language.contains(text);
      EXPECT_EQ(may_follow[id], wanted) << "id " << id << " behind '" << text << "'";
      if (may_follow[id] != wanted) return n;
      if (may_follow[id] && id > 0) choices.push_back(id);
    }
    EXPECT_EQ(constraint.is_complete(state), language.contains(text));
    EXPECT_TRUE(!choices.empty() || may_follow[0]) << "a dead end behind '" << text << "'";
    if (choices.empty()) return n + 1;
    const TokenId id = choices[below(choices.size(), random)];
    constraint.advance(id, state);
    text += tokens[id];
  }
  return n_ids;
}

std::string random_alternatives(size_t n_rules, size_t depth, Random& random);

std::string random_element(size_t n_rules, size_t depth, Random& random) {
  const char* const leaves[] = {"\"a\"",       "\"b\"", "\"ab\"",       "[ab]", "[^a]",
                                "\"\\u00e9\"", "\"\"",  "[a-b\\u00e9]", "."};
  const size_t kind = below(depth > 0 ? 10 : 6, random);
  if (kind < 5) return leaves[below(std::size(leaves), random)];
  if (kind < 8) return "r" + std::to_string(below(n_rules, random));
  return "(" + random_alternatives(n_rules, depth - 1, random) + ")";
}

std::string random_alternatives(size_t n_rules, size_t depth, Random& random) {
  const char* const repeats[] = {"", "", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}"};
  std::string text;
  for (size_t i = 0, n = 1 + below(3, random); i < n; ++i) {
    if (i > 0) text += " | ";
    for (size_t k = 0, m = 1 + below(3, random); k < m; ++k)
      text += random_element(n_rules, depth, random) + repeats[below(std::size(repeats), random)] + " ";
  }
  return text;
}

std::string random_grammar(Random& random) {
  const size_t n_rules = 1 + below(4, random);
  std::string text = "root ::= r0\n";
  for (size_t i = 0; i < n_rules; ++i)
    text += "r" + std::to_string(i) + " ::= " + random_alternatives(n_rules, 2, random) + "\n";
  return text;
}

TEST(ConstraintDifferential, GrammarsAllowWhatGoesOn) {
  Random random(1);
  size_t n_grammars = 0, n_places = 0, n_left_recursive = 0, n_empty = 0;
  while (n_grammars < 300) {
    const std::string text = random_grammar(random);
    SCOPED_TRACE(text);
    const Grammar grammar = parse_gbnf(text);
    try {
      n_places += compare(grammar, kLetters, 8, random);
      ++n_grammars;
    } catch (const Error& e) {
      const bool is_left = std::string(e.what()).find("left recursion") != std::string::npos;
      (is_left ? n_left_recursive : n_empty) += 1;
      EXPECT_TRUE(is_left || NaiveLanguage(grammar).is_empty()) << e.what();
    }
    if (HasFailure()) return;
  }
  RecordProperty("places", static_cast<int>(n_places));
  EXPECT_GT(n_places, 900);
  EXPECT_GT(n_left_recursive, 0);
}

const std::vector<std::string> kJsonTokens = {
    "",    "{",  "}",  "[",     "]",     ",",    ":",   "\"",      " ",      "\n",  "\\",   "-",
    ".",   "0",  "1",  "2",     "9",     "e",    "a",   "b",       "u",      "n",   "true", "fal",
    "se",  "nu", "ll", "\"a\"", "\"b\"", "\": ", "{\"", "\"a\": ", "\", \"", "], ", "12",   "0.5",
    "\"}", "]}", "t",  "r",     "f",     "l",    "s",   "\xC3",    "\xA9"};

std::string random_schema(size_t depth, Random& random) {
  const char* const leaves[] = {"true",
                                R"({"type":"null"})",
                                R"({"type":"boolean"})",
                                R"({"type":"integer"})",
                                R"({"type":"number"})",
                                R"({"type":"string"})",
                                R"({"const":"ab"})",
                                R"({"enum":[1,12,"a",null,{"a":[]}]})",
                                R"({"type":"string","maxLength":2})",
                                R"({"type":"string","minLength":1,"maxLength":3})",
                                R"({"type":"string","pattern":"^a+b?$"})",
                                R"({"type":"string","pattern":"[\"\\n]b"})",
                                R"({"type":"integer","minimum":-12,"maximum":190})",
                                R"({"type":["integer","null"],"exclusiveMinimum":9})",
                                R"({"$ref":"#/$defs/d"})"};
  const size_t kind = depth == 0 ? 0 : below(5, random);
  const auto inner = [&] { return random_schema(depth - 1, random); };
  if (kind == 1) {
    const char* const others[] = {"", R"(,"additionalProperties":false)", R"(,"additionalProperties":true)",
                                  R"(,"additionalProperties":{"type":"null"})"};
    const char* const required[] = {"[]", "[\"a\"]", "[\"b\"]", "[\"a\",\"b\"]"};
    return R"({"type":"object","properties":{"a":)" + inner() + R"(,"b":)" + inner() + R"(,"ab":)" + inner() +
           R"(},"required":)" + required[below(4, random)] + others[below(4, random)] + "}";
  }
  if (kind == 2) {
    const char* const bounds[] = {"", R"(,"minItems":1)", R"(,"maxItems":2)",
                                  R"(,"minItems":2,"maxItems":3)"};
    const std::string prefix =
        below(2, random) == 0 ? "" : R"("prefixItems":[)" + inner() + "," + inner() + "],";
    return R"({"type":"array",)" + prefix + R"("items":)" + inner() + bounds[below(4, random)] + "}";
  }
  if (kind == 3) return R"({"anyOf":[)" + inner() + "," + inner() + "]}";
  return leaves[below(std::size(leaves), random)];
}

TEST(ConstraintDifferential, SchemasAllowWhatGoesOn) {
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const std::string schema =
        R"({"$defs":{"d":)" + random_schema(1, random) + R"(},"anyOf":[)" + random_schema(2, random) + "]}";
    SCOPED_TRACE(schema);
    const Grammar grammar = parse_json_schema(schema);
    try {
      compare(grammar, kJsonTokens, 8, random);
    } catch (const Error& e) {
      const bool is_left = std::string(e.what()).find("left recursion") != std::string::npos;
      EXPECT_TRUE(is_left || NaiveLanguage(grammar).is_empty()) << e.what();
    }
    if (HasFailure()) return;
  }
}

std::string random_regex(size_t depth, Random& random) {
  const char* const leaves[] = {"a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "[a-c1]", "\\.", "x?", "(?:ab)"};
  const char* const repeats[] = {"", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"};
  std::string text;
  for (size_t i = 0, n = 1 + below(4, random); i < n; ++i) {
    const bool is_group = depth > 0 && below(3, random) == 0;
    text += is_group ? "(" + random_regex(depth - 1, random) + "|" + random_regex(depth - 1, random) + ")"
                     : leaves[below(std::size(leaves), random)];
    if (!text.ends_with('?')) text += repeats[below(std::size(repeats), random)];
  }
  return text;
}

TEST(ConstraintDifferential, RegularExpressionsMatchAsTheStandardLibrarysDo) {
  Random random(3);
  std::vector<std::string> bytes{""};
  for (int c = 0; c < 256; ++c) bytes.emplace_back(1, static_cast<char>(c));
  Constraints constraints(bytes.size(), [&](TokenId id) { return std::string_view(bytes[id]); });
  size_t n_matches = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_regex(1, random);
    const std::regex regex(text, std::regex::ECMAScript);
    const auto constraint = constraints.at({Language::kRegex, text});
    for (int k = 0; k < 20; ++k) {
      std::string candidate;
      for (size_t n = below(7, random); n > 0; --n) candidate += "aabb1.x_"[below(8, random)];
      const bool matches = std::regex_match(candidate, regex);
      ASSERT_EQ(constraint->is_complete(candidate), matches) << text << " and '" << candidate << "'";
      n_matches += matches;
    }
  }
  EXPECT_GT(n_matches, 200);
}

}  // namespace
}  // namespace rwkv
