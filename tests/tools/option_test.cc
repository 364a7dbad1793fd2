#include "common/option.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "common/option_json.h"
#include "common/sampling_options.h"
#include "common/state_options.h"
#include "core/error.h"

namespace rwkv {
namespace {

const OptionInfo& row(std::string_view key) {
  for (const auto& option : continuation_options()) {
    if (option.info.key == key) return option.info;
  }
  ADD_FAILURE() << key;
  return continuation_options().front().info;
}

template <class Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kUsage);
    return e.what();
  }
  return "taken";
}

std::string text_error(std::string_view key, std::string text) {
  return error_of([&] { value_from_texts(row(key), key, {&text, 1}); });
}

std::string json_error(std::string_view key, const std::string& text) {
  return error_of([&] { value_from_json(row(key), boost::json::object{{key, boost::json::parse(text)}}); });
}

// A value is refused in the same words wherever it stands.
TEST(OptionTest, TextAndJsonAreRefusedAlike) {
  const std::pair<std::string_view, const char*> wrong[] = {
      {"top_k", "-3"}, {"seed", "-1"}, {"n", "-2"},          {"temp", "-1"},          {"temp", "-0.5"},
      {"top_p", "2"},  {"min_p", "7"}, {"logprobs", "1001"}, {"penalty_decay", "1.5"}};
  for (const auto& [key, value] : wrong) {
    EXPECT_EQ(text_error(key, value), json_error(key, value));
    EXPECT_NE(text_error(key, value), "taken") << key;
  }
  EXPECT_EQ(json_error("top_k", "-3"), "top_k is -3, want a whole number, at least 0");
  EXPECT_EQ(json_error("n", "-2"), "n is -2, want a whole number, or -1 for no limit");
  EXPECT_EQ(json_error("top_p", "1.25"), "top_p is 1.25, want a number from 0 to 1");
  EXPECT_EQ(json_error("top_k", "1.5"), "top_k is 1.5, want a whole number, at least 0");
  EXPECT_EQ(text_error("top_k", "1.5"), "top_k is '1.5', want a whole number, at least 0");
  EXPECT_EQ(json_error("top_k", "1e30"), "top_k is 1e+30, want a whole number, at least 0");
  EXPECT_EQ(text_error("temp", "nan"), "temp is nan, want a number, at least 0");
  EXPECT_EQ(text_error("temp", "inf"), "temp is inf, want a number, at least 0");
  EXPECT_EQ(text_error("temp", ""), "temp is '', want a number, at least 0");
  EXPECT_EQ(json_error("ignore_eos", "1"), "ignore_eos is 1, want true or false");
  EXPECT_EQ(json_error("preset", "\"chatt\""),
            "preset is 'chatt', want chat, creative, exact or greedy, did you mean chat?");
  EXPECT_EQ(text_error("preset", "chatt"), json_error("preset", "\"chatt\""));
  EXPECT_EQ(text_error("stop_ids", "-1"), "stop_ids is '-1', want an id");
  EXPECT_EQ(json_error("stop_ids", "[-1]"), "stop_ids is -1, want an id");
}

TEST(OptionTest, EveryRowOfSamplingHasAKeyAndAShortHelp) {
  for (const auto& option : continuation_options()) {
    EXPECT_FALSE(option.info.key.empty()) << option.info.flag;
    EXPECT_FALSE(option.info.flag.empty()) << option.info.key;
    EXPECT_FALSE(option.info.help.empty()) << option.info.flag;
    EXPECT_LE(option.info.help.size(), 58) << option.info.flag;
  }
}

// The preset is a base for what else is given, whatever the order.
TEST(OptionTest, JsonIsSetInTheOrderOfRows) {
  ContinuationOptions o = default_continuation();
  o.sampler.bias = {{1, 2.F}};
  const auto object = boost::json::parse(R"({"temp": 3, "preset": "chat", "top_k": 1e1})").as_object();
  set_from_json(continuation_options(), object, o);
  EXPECT_EQ(o.sampler.temperature, 3);
  EXPECT_EQ(o.sampler.top_p, 0.3);
  EXPECT_EQ(o.sampler.presence, 0.5);
  EXPECT_EQ(o.sampler.top_k, 10);
  EXPECT_EQ(o.sampler.bias.size(), 1);
}

TEST(OptionTest, TheNearestNameIsTold) {
  std::vector<std::string> keys;
  append_keys(continuation_options(), keys);
  append_keys(state_options(), keys);
  const auto asked = [&](const char* word) { return did_you_mean(word, keys); };
  EXPECT_EQ(asked("tmp"), ", did you mean temp?");
  EXPECT_EQ(asked("temperature"), ", did you mean temp?");
  EXPECT_EQ(asked("topp"), ", did you mean top_p?");
  EXPECT_EQ(asked("presence_penalty"), ", did you mean presence?");
  EXPECT_EQ(asked("sede"), ", did you mean seed?");
  EXPECT_EQ(asked("messages"), "");
  EXPECT_EQ(asked("x"), "");
  const auto object = boost::json::parse(R"({"seed": 1, "sede": 2})").as_object();
  EXPECT_EQ(error_of([&] { refuse_unknown_keys(object, keys); }), "unknown key 'sede', did you mean seed?");
}

}  // namespace
}  // namespace rwkv
