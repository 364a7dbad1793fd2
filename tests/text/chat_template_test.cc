#include "text/chat_template.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

std::string prompt(std::string_view name, std::string_view json) {
  return chat_prompt(chat_template_from_name(name), json);
}

TEST(ChatTemplate, OpensTheModelsTurn) {
  constexpr std::string_view kHello = R"([{"role": "user", "content": "hello"}])";
  EXPECT_EQ(prompt("world", kHello), "User: hello\n\nAssistant:");
  EXPECT_EQ(prompt("g1", kHello), "User: hello\n\nAssistant:");
  EXPECT_EQ(prompt("g1-think", kHello), "User: hello\n\nAssistant: <think");
  EXPECT_EQ(prompt("g1-no-think", kHello), "User: hello\n\nAssistant: <think>\n</think>");
}

TEST(ChatTemplate, SeparatesTurnsByEmptyLinesOnly) {
  EXPECT_EQ(prompt("world", R"({"messages": [{"role": "system", "content": "Be\n\nbrief."},
                                             {"role": "user", "content": " a\r\n\r\n\nb\nc\r\n"},
                                             {"role": "assistant", "content": "x\n\ny\n"},
                                             {"role": "user", "content": ""}]})"),
            "System: Be\nbrief.\n\nUser: a\nb\nc\n\nAssistant: x\n\ny\n\nUser: \n\nAssistant:");
}

TEST(ChatTemplate, RefusesWhatIsNoChat) {
  for (const char* bad : {"", "{", "3", "[]", "{}", "[3]", R"([{"role": "user"}])", R"([{"content": "a"}])",
                          R"([{"role": "tool", "content": "a"}])", R"([{"role": "user", "content": ["a"]}])",
                          R"([{"role": "assistant", "content": "a"}])"}) {
    EXPECT_THROW(prompt("world", bad), Error) << bad;
  }
  EXPECT_THROW(chat_template_from_name("llama"), Error);
}

}  // namespace
}  // namespace rwkv
