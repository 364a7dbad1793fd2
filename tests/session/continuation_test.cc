#include "session/continuation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/draw_next.h"
#include "support/golden_model.h"

namespace rwkv {
namespace {

// Up to n tokens, of which id 0 is one like others.
ContinuationOptions up_to(uint64_t n) {
  ContinuationOptions options;
  options.max_tokens = n;
  options.stop_at_end_of_text = false;
  return options;
}

class ContinuationTest : public testing::Test {
 protected:
  Model model_ = Model::load(golden_model("v4"));
  Runner runner_{model_, 1};
  SamplerOptions sampler_{.top_p = 0.9, .presence = 0.3, .frequency = 0.2, .seed = 9};

  Sequence prompt() {
    const std::vector<TokenId> tokens{5, 6, 7};
    Sequence sequence = runner_.new_sequence();
    runner_.read(sequence, tokens);
    return sequence;
  }

  struct Result {
    std::vector<TokenId> ids;
    std::string bytes;
    StopReason stop;
    Sequence end;
  };
  Result run(Sequence from, ContinuationOptions options) {
    options.sampler = sampler_;
    Continuation continuation(std::move(from), std::move(options));
    Result result;
    const auto collect = [&] {
      for (const auto& token : continuation.take_tokens()) result.ids.push_back(token.id);
      result.bytes += continuation.take_bytes();
    };
    while (continuation.stopped() == StopReason::kNone) {
      draw_next(continuation, runner_);
      collect();
    }
    continuation.release_held();
    collect();
    result.stop = continuation.stopped();
    result.end = continuation.sequence();
    return result;
  }
  std::vector<TokenId> free_run(uint64_t n) { return run(prompt(), up_to(n)).ids; }
};

// Every token is written as its number and a comma.
std::string_view number_of(TokenId id) {
  static const auto numbers = [] {
    std::vector<std::string> all;
    for (int i = 0; i < 320; ++i) all.push_back(std::to_string(i) + ",");
    return all;
  }();
  return numbers[id];
}

std::string text_of(std::span<const TokenId> ids) {
  std::string text;
  for (const TokenId id : ids) text += number_of(id);
  return text;
}

TEST_F(ContinuationTest, DrawsExactlyAsManyAsAskedFor) {
  EXPECT_EQ(free_run(17).size(), 17);
  const auto none = run(prompt(), up_to(0));
  EXPECT_TRUE(none.ids.empty());
  EXPECT_EQ(none.stop, StopReason::kLength);
  EXPECT_EQ(none.end.n_tokens, 3);
}

TEST_F(ContinuationTest, GoesOnAfterAStopAsIfThereWereNone) {
  const auto whole = free_run(30);
  auto options = up_to(12);
  options.keep_end = true;
  auto first = run(prompt(), options);
  EXPECT_EQ(first.end.n_tokens, 15);
  const auto second = run(first.end, up_to(18));
  first.ids.insert(first.ids.end(), second.ids.begin(), second.ids.end());
  EXPECT_EQ(first.ids, whole);
}

TEST_F(ContinuationTest, AStopIdIsNotShownAndTheEndStandsBeforeIt) {
  const auto whole = free_run(30);
  const auto at = static_cast<size_t>(std::ranges::find(whole, whole[20]) - whole.begin());
  auto options = up_to(30);
  options.stop_ids = {whole[20]};
  options.keep_end = true;
  const auto result = run(prompt(), options);
  EXPECT_EQ(result.stop, StopReason::kStop);
  EXPECT_EQ(result.ids, std::vector<TokenId>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at)));
  EXPECT_EQ(result.end.n_tokens, 3 + at);
  // Asked again it stops again; without the stop it goes on as if there had been none.
  EXPECT_TRUE(run(result.end, options).ids.empty());
  EXPECT_EQ(run(result.end, up_to(30 - at)).ids,
            std::vector<TokenId>(whole.begin() + static_cast<std::ptrdiff_t>(at), whole.end()));
}

TEST_F(ContinuationTest, IdZeroIsTheEndOfText) {
  sampler_.bias = {{0, 1000.F}};
  auto options = up_to(5);
  EXPECT_EQ(run(prompt(), options).ids, std::vector<TokenId>(5, 0));
  options.stop_at_end_of_text = true;
  const auto result = run(prompt(), options);
  EXPECT_EQ(result.stop, StopReason::kEndOfText);
  EXPECT_TRUE(result.ids.empty());
}

// The stop text begins inside token 7 and ends inside token 10.
TEST_F(ContinuationTest, NoPartOfAStopTextIsShown) {
  const auto whole = free_run(30);
  const std::string text = text_of(whole), before = text_of(std::span(whole).first(7));
  const std::string stop =
      text.substr(before.size() + 1, text_of(std::span(whole).first(10)).size() - before.size());
  ASSERT_EQ(text.find(stop), before.size() + 1);
  auto options = up_to(30);
  options.stop_texts = {stop};
  options.bytes_of = number_of;
  options.keep_end = true;
  const auto result = run(prompt(), options);
  EXPECT_EQ(result.stop, StopReason::kStop);
  EXPECT_EQ(result.ids, std::vector<TokenId>(whole.begin(), whole.begin() + 7));
  EXPECT_EQ(result.bytes, text.substr(0, before.size() + 1));
  EXPECT_EQ(result.end.n_tokens, 10);
  EXPECT_EQ(run(result.end, up_to(23)).ids, std::vector<TokenId>(whole.begin() + 7, whole.end()));
}

TEST_F(ContinuationTest, WhatOnlyLookedLikeAStopTextIsShownAtTheEnd) {
  const auto whole = free_run(10);
  const std::string text = text_of(whole);
  auto options = up_to(10);
  options.stop_texts = {text.substr(text.size() - 6) + "!"};
  options.bytes_of = number_of;
  const auto result = run(prompt(), options);
  EXPECT_EQ(result.stop, StopReason::kLength);
  EXPECT_EQ(result.ids, whole);
  EXPECT_EQ(result.bytes, text);
}

TEST_F(ContinuationTest, TellsLogProbabilitiesOfTheModelItself) {
  auto options = up_to(1);
  options.n_log_probs = 3;
  options.sampler.bias = {{41, 1000.F}};
  Continuation continuation(prompt(), options);
  draw_next(continuation, runner_);
  const auto tokens = continuation.take_tokens();
  ASSERT_EQ(tokens.size(), 1);
  EXPECT_EQ(tokens[0].id, 41);
  Sequence sequence = prompt();
  Sequence* const unbiased[] = {&sequence};
  const auto row = runner_.step(unbiased, {}).front();
  EXPECT_EQ(tokens[0].log_prob, log_prob(row, 41));
  ASSERT_EQ(tokens[0].most_likely.size(), 3);
  EXPECT_EQ(tokens[0].most_likely[0].log_prob, top_log_probs(row, 1)[0].log_prob);
}

}  // namespace
}  // namespace rwkv
