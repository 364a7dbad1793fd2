#include "sampling/constraint/constraint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sampling/constraint/constraints.h"
#include "sampling/constraint/json_schema.h"
#include "sampling/constraint/recognizer.h"
#include "sampling/constraint/token_walk.h"
#include "support/error_of.h"

namespace rwkv {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

std::shared_ptr<const TokenTrie> trie_of(const std::vector<std::string>& tokens) {
  return std::make_shared<TokenTrie>(tokens.size(), [&](TokenId id) { return std::string_view(tokens[id]); });
}

// Id c + 1 is the byte c; then come some words.
std::vector<std::string> bytes_and(const std::vector<std::string>& words) {
  std::vector<std::string> tokens{""};
  for (int c = 0; c < 256; ++c) tokens.emplace_back(1, static_cast<char>(c));
  tokens.insert(tokens.end(), words.begin(), words.end());
  return tokens;
}

// `tokens` outlives it.
Constraints constraints_of(const std::vector<std::string>& tokens) {
  return {tokens.size(), [&tokens](TokenId id) { return std::string_view(tokens[id]); }};
}

const std::vector<std::string>& bytes_alone() {
  static const auto tokens = bytes_and({});
  return tokens;
}

bool accepts(Language language, const std::string& text, const std::string& candidate) {
  return constraints_of(bytes_alone()).at({language, text})->is_complete(candidate);
}

std::string refusal(Language language, const std::string& text) {
  return error_of([&] { constraints_of(bytes_alone()).at({language, text}); });
}

TEST(Constraint, ForbidsAllButWhatGoesOn) {
  const auto tokens = bytes_and({"tru", "ture"});
  const auto constraint = constraints_of(tokens).at({Language::kRegex, "true"});
  ConstraintState state;
  std::vector<float> logits(300, 0.5F);
  constraint->forbid(logits, state);
  for (TokenId id = 0; id < logits.size(); ++id)
    EXPECT_EQ(logits[id], id == 't' + 1 || id == 257 ? 0.5F : kForbidden) << id;
  constraint->advance(257, state);
  constraint->advance('e' + 1, state);
  std::ranges::fill(logits, 0.5F);
  constraint->forbid(logits, state);
  for (TokenId id = 0; id < logits.size(); ++id) EXPECT_EQ(logits[id], id == 0 ? 0.5F : kForbidden) << id;
  EXPECT_TRUE(constraint->is_complete(state));
  constraint->advance(0, state);
  EXPECT_EQ(state.text, "true");
}

TEST(Constraint, CopiesOfAStateGoOnByThemselves) {
  const auto constraint = constraints_of(bytes_alone()).at({Language::kRegex, "ab|ac"});
  ConstraintState one;
  constraint->advance('a' + 1, one);
  ConstraintState other = one;
  constraint->advance('b' + 1, one);
  EXPECT_TRUE(constraint->is_complete(one));
  EXPECT_FALSE(constraint->is_complete(other));
}

TEST(Constraint, AStateIsItsTextAndAnotherConstraintsCountsAsNone) {
  Constraints constraints = constraints_of(bytes_alone());
  const auto one = constraints.at({Language::kRegex, "a*b"}), other = constraints.at({Language::kRegex, "c"});
  ConstraintState state{.digest = one->digest(), .text = "aaab"};
  EXPECT_TRUE(one->is_complete(state));
  EXPECT_FALSE(other->is_complete(state));
  other->advance('c' + 1, state);
  EXPECT_TRUE(other->is_complete(state));
  EXPECT_EQ(state.text, "c");
}

TEST(Constraint, RefusesToGoOnBehindWhatItDoesNotKnow) {
  const auto constraint = constraints_of(bytes_alone()).at({Language::kRegex, "ab"});
  ConstraintState state;
  constraint->advance('b' + 1, state);
  std::vector<float> logits(257);
  EXPECT_EQ(error_of([&] { constraint->forbid(logits, state); }),
            "what was drawn does not begin a text of the grammar");
}

// "b" is no token by itself: no text may need it.
TEST(Constraint, EntersNoPlaceThatTheVocabularyCannotSpell) {
  const std::vector<std::string> tokens = {"", "a", "c", "ab", "ca"};
  Constraints constraints = constraints_of(tokens);
  const auto constraint = constraints.at({Language::kRegex, "c?ab|ca*"});
  std::vector<float> logits(tokens.size(), 1);
  constraint->forbid(logits, {});
  EXPECT_EQ(logits, (std::vector<float>{kForbidden, kForbidden, 1, kForbidden, 1}));
  EXPECT_EQ(error_of([&] {
              constraints.at({Language::kRegex, "b"});
            }),
            "no text fits the grammar, or none that the vocabulary can spell");
}

TEST(Constraint, NestsDeeplyInBoundedMemoryAndStopsBeforeTheDepthIsUsedUp) {
  const auto constraint = constraints_of(bytes_alone()).at(grammar_text("root ::= \"(\" root \")\" | \"x\""));
  ConstraintState state;
  std::vector<float> logits(257);
  size_t depth = 0;
  for (; depth < 10'000; ++depth) {
    std::ranges::fill(logits, 0.F);
    constraint->forbid(logits, state);
    if (logits['(' + 1] == kForbidden) break;
    constraint->advance('(' + 1, state);
  }
  EXPECT_EQ(depth, Recognizer::kMaxDepth);
  EXPECT_EQ(logits['x' + 1], 0.F);
  constraint->advance('x' + 1, state);
  for (size_t i = 0; i < depth; ++i) constraint->advance(')' + 1, state);
  EXPECT_TRUE(constraint->is_complete(state));
}

// Right recursion is a loop, and ambiguity is shared: neither takes memory for each step.
TEST(Constraint, LongTextsOfAmbiguousGrammarsStaySmall) {
  const auto constraint =
      constraints_of(bytes_alone())
          .at(grammar_text("root ::= \"a\" root | \"a\" root \"b\"? | \"a\" root \"b\"? \"b\"? | \"\""));
  EXPECT_TRUE(constraint->is_complete(std::string(2000, 'a') + "bbb"));
  const auto loop = constraints_of(bytes_alone()).at(grammar_text("root ::= \"a\" root | \"b\""));
  EXPECT_TRUE(loop->is_complete(std::string(1'000'000, 'a') + "b"));
  EXPECT_LT(loop->n_bytes(), 100'000);
}

TEST(Constraint, RefusesWhatTakesTooManyWaysOrTooMuch) {
  const std::string wide = refusal(Language::kRegex, "(.{0,300}){0,300}");
  EXPECT_EQ(wide, "the grammar is too large: more than 50000 states, its repetitions unrolled");
  const auto constraint = constraints_of(bytes_alone()).at({Language::kRegex, ".*a(a|b){9000}"});
  EXPECT_EQ(error_of([&] { constraint->is_complete(std::string(9000, 'a')); }),
            "the grammar lets a text be read in too many ways at once");
  EXPECT_EQ(refusal(Language::kGbnf, std::string((size_t{1} << 20) + 1, '#')), "more than 1 MiB of text");
}

TEST(Constraint, WhatIsKnownOfRulesChangesNoMask) {
  const auto tokens =
      trie_of(bytes_and({"\"a", "a\"", "\",\"", "]]", "[[", "\"],", "[\"", "\"a\"]", "1,", ",1", "{\""}));
  const Automaton automaton(any_json(), tokens->single_bytes());
  Recognizer recognizer(automaton);
  TokenWalk walk(*tokens, recognizer);
  for (const std::string text :
       {"", "[", "[[", "[\"", "[[\"a\\", "[{\"", "[1", "[[1.", "\"\xC3", "[[[[\"x\"", "[[]", "1"}) {
    const auto state = recognizer.next(recognizer.start(), text);
    ASSERT_NE(state, Recognizer::kDead) << text;
    EXPECT_EQ(*walk.tokens_at(state), walk.walked_tokens_at(state)) << text;
  }
}

TEST(Constraint, LanguagesKeepTheirDialects) {
  EXPECT_TRUE(accepts(Language::kGbnf, "root ::= a{2,} # twice\na ::= (\n \"x\" |\n [^x\\n])\n", "xyx"));
  EXPECT_TRUE(accepts(Language::kGbnf, "root ::= \"\\u00e9\\x41\" .",
                      "\xC3\xA9"
                      "A\xF0\x9F\x98\x80"));
  EXPECT_TRUE(accepts(Language::kRegex, "^(?<year>\\d{4})-\\w+?$", "2026-x_9"));
  EXPECT_FALSE(accepts(Language::kRegex, "a|b", "ab"));
  EXPECT_TRUE(accepts(Language::kRegex, "[\\d\\-x]+", "1-x"));
  EXPECT_TRUE(accepts(Language::kJson, "",
                      R"({"a": [1, -0.5e+10, "\u00e9\n", {}, []],)"
                      "\n  \"b\":null}"));
  EXPECT_FALSE(accepts(Language::kJson, "", R"(["\ud800"])"));
  EXPECT_TRUE(accepts(Language::kJsonObject, "", "{}"));
  EXPECT_FALSE(accepts(Language::kJsonObject, "", "[]"));
}

TEST(Constraint, GrammarsAreRefusedByLineAndColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "line 1, column 1: no rule is named root"},
      {"root ::= a", "line 1, column 10: no rule is named a"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: a second rule named root"},
      {"root ::= \"a", "line 1, column 12: a literal without its closing \""},
      {"root ::= [a", "line 1, column 12: a class without its closing ]"},
      {"root ::= (\"a\"\n", "line 2, column 1: want ), found the end"},
      {"root ::= \"a\"{3,2}", "line 1, column 18: a repetition of at least 3 and at most 2 times"},
      {"root ::= \"\\q\"", "line 1, column 12: no escape: \\ before 'q'"},
      {"root := \"a\"", "line 1, column 6: want ::=, found ':'"},
      {"root ::= <[1]>", "line 1, column 10: references to tokens are not supported"},
      {"root ::= x\nx ::= y? x \"a\"\ny ::= \"b\"",
       "line 2, column 10: left recursion: x begins with itself"},
      {"root ::= \"a\" root", "no text fits the grammar, or none that the vocabulary can spell"},
      {"root ::= [z-a]", "line 1, column 14: a range whose end comes before its beginning"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(refusal(Language::kGbnf, text), wanted) << text;
}

TEST(Constraint, RegularExpressionsAreRefusedByColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"a(b", "line 1, column 4: a ( without its )"},
      {"a)b", "line 1, column 2: a ) without its ("},
      {"(?=a)", "line 1, column 3: want (?: or (?<name>: look-around and flags are not supported"},
      {"\\bword", "line 1, column 2: \\ before 'b' is not supported"},
      {"(a)\\1", "line 1, column 5: \\ before '1' is not supported"},
      {"*a", "line 1, column 1: nothing to repeat in front of '*'"},
      {"a**", "line 1, column 3: a repetition of a repetition"},
      {"a^b", "line 1, column 2: ^ and $ are known only at the ends"},
      {"[a", "line 1, column 3: a class without its closing ]"},
      {"\xFF", "line 1, column 1: bytes that are no UTF-8"},
  };
  for (const auto& [text, wanted] : cases) EXPECT_EQ(refusal(Language::kRegex, text), wanted) << text;
}

}  // namespace
}  // namespace rwkv
