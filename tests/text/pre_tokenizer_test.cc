#include "text/pre_tokenizer.h"

#include <gtest/gtest.h>

#include "support/error_of.h"

namespace rwkv {
namespace {

constexpr char kBytes[] = R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false})";
constexpr char kGpt2[] = R"({"type":"ByteLevel","add_prefix_space":false})";

std::string sequence(const std::string& steps) {
  return R"({"type":"Sequence","pretokenizers":[)" + steps + "]}";
}

std::string pieces(const std::string& json, std::string_view text) {
  RegexScratch scratch;
  std::string all;
  PreTokenizer::parse(json).split(text, scratch,
                                  [&](std::string_view piece) { all += "[" + std::string(piece) + "]"; });
  return all;
}

std::string split(const std::string& behavior, bool invert, std::string_view text) {
  return pieces(sequence(R"({"type":"Split","pattern":{"Regex":"[0-9]"},"behavior":")" + behavior +
                         R"(","invert":)" + (invert ? "true}," : "false},") + kBytes),
                text);
}

// Expected: the package `tokenizers` 0.23.
TEST(PreTokenizer, WhatBecomesOfMatches) {
  EXPECT_EQ(split("Isolated", false, "a12b3"), "[a][1][2][b][3]");
  EXPECT_EQ(split("Removed", false, "a12b3"), "[a][b]");
  EXPECT_EQ(split("Removed", true, "a12b3"), "[1][2][3]");
  EXPECT_EQ(split("Contiguous", false, "a12b3"), "[a][12][b][3]");
  EXPECT_EQ(split("MergedWithPrevious", false, "a12b3"), "[a1][2][b3]");
  EXPECT_EQ(split("MergedWithPrevious", false, "1a"), "[1][a]");
  EXPECT_EQ(split("MergedWithNext", false, "a12b3"), "[a][1][2b][3]");
  EXPECT_EQ(split("MergedWithNext", true, "a12b"), "[a1][2][b]");
}

TEST(PreTokenizer, StepsCutThePiecesOfTheOnesBefore) {
  const std::string digits = R"({"type":"Digits","individual_digits":true},)";
  EXPECT_EQ(pieces(sequence(digits + kGpt2), "ab 12 c"), "[ab][ ][1][2][ c]");
  EXPECT_EQ(pieces(sequence(R"({"type":"Digits","individual_digits":false},)" + std::string(kGpt2)), "b 12"),
            "[b][ ][12]");
  EXPECT_EQ(pieces(sequence(R"({"type":"Split","pattern":{"String":"."},"behavior":"Isolated"},)" +
                            std::string(kBytes)),
                   "a.b"),
            "[a][.][b]");
  EXPECT_EQ(pieces(kGpt2, ""), "");
}

TEST(PreTokenizer, ASpaceInFrontOfEveryPieceThatHasNone) {
  const PreTokenizer spaced = PreTokenizer::parse(R"({"type":"ByteLevel"})");
  EXPECT_TRUE(spaced.adds_space());
  EXPECT_FALSE(spaced.is_gpt2());
  EXPECT_EQ(pieces(R"({"type":"ByteLevel"})", "a b"), "[ a][ b]");
  EXPECT_EQ(pieces(R"({"type":"ByteLevel"})", " a"), "[ a]");
  EXPECT_EQ(pieces(sequence(R"({"type":"Digits"},{"type":"ByteLevel"})"), "a1"), "[ a][ 1]");
  EXPECT_TRUE(PreTokenizer::parse(sequence(kGpt2)).is_gpt2());
}

TEST(PreTokenizer, SaysWhatItDoesNotRead) {
  const auto refusal = [](const std::string& json) { return error_of([&] { PreTokenizer::parse(json); }); };
  EXPECT_EQ(refusal("null"), "pre_tokenizer: want an object");
  EXPECT_EQ(refusal(R"({"type":"Metaspace"})"),
            "pre_tokenizer 'Metaspace' is not supported: want ByteLevel, or a Sequence of Split, Digits and "
            "ByteLevel");
  EXPECT_EQ(refusal(sequence(R"({"type":"Digits"})")), "pre_tokenizer without ByteLevel is not supported");
  EXPECT_EQ(refusal(sequence(std::string(kBytes) + "," + kBytes)),
            "pre_tokenizer with a step behind ByteLevel is not supported");
  EXPECT_EQ(refusal(sequence(R"({"type":"Split","pattern":{"Regex":"a"},"behavior":"Other"})")),
            "pre_tokenizer Split: behavior 'Other' is not known");
  EXPECT_EQ(refusal(sequence(R"({"type":"Split","behavior":"Isolated"})")),
            "pre_tokenizer: Split: no \"pattern\"");
}

}  // namespace
}  // namespace rwkv
