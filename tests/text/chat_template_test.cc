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
  EXPECT_EQ(prompt("g1-no-think", kHello), "User: hello\n\nAssistant: <think>\n</think");
  EXPECT_EQ(prompt("g1-think-short", kHello), "User: hello (think a bit)\n\nAssistant: <think");
  EXPECT_EQ(prompt("g1-think-long", kHello), "User: hello (think a lot)\n\nAssistant: <think");
}

TEST(ChatTemplate, SeparatesTurnsByEmptyLinesOnly) {
  EXPECT_EQ(prompt("world", R"({"messages": [{"role": "system", "content": "Be\n\nbrief."},
                                             {"role": "user", "content": " a\r\n\r\n\nb\nc\r\n"},
                                             {"role": "assistant", "content": "x\n\ny\n"},
                                             {"role": "user", "content": ""}]})"),
            "System: Be\nbrief.\n\nUser: a\nb\nc\n\nAssistant: x\n\ny\n\nUser: \n\nAssistant:");
}

TEST(ChatTemplate, TellsWhereTurnsEnd) {
  const std::vector<ChatMessage> messages{
      {"developer", "Be brief."}, {"user", "a"}, {"assistant", "b"}, {"user", "c"}};
  const ChatPrompt made = chat_prompt(chat_template_from_name("g1-think"), messages);
  EXPECT_EQ(made.text, "System: Be brief.\n\nUser: a\n\nAssistant: b\n\nUser: c\n\nAssistant: <think");
  EXPECT_EQ(made.turn_ends, (std::vector<size_t>{19, 28, 42, 51}));
  EXPECT_EQ(made.opening, " <think");
}

TEST(ChatTemplate, AsksForThoughts) {
  const std::vector<ChatMessage> messages{{"user", "a"}, {"assistant", "b"}, {"user", "c"}};
  const auto made = [&](const char* name) {
    return chat_prompt(chat_template_from_name("g1"), messages, &think_form_from_name(name)).text;
  };
  EXPECT_EQ(made("short"), "User: a\n\nAssistant: b\n\nUser: c (think a bit)\n\nAssistant: <think");
  EXPECT_EQ(made("no"), "User: a\n\nAssistant: b\n\nUser: c\n\nAssistant: <think></think");
  for (const ThinkForm& form : think_forms())
    EXPECT_TRUE(form.opening.starts_with("Assistant:")) << form.name;
  EXPECT_THROW(think_form_from_name("hard"), Error);
}

TEST(ChatTemplate, JoinsTheTextPartsOfAContent) {
  EXPECT_EQ(
      prompt(
          "world",
          R"([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}])"),
      "User: ab\n\nAssistant:");
  EXPECT_THROW(prompt("world", R"([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}])"),
               Error);
}

// The blanks are those of Python's strip(): U+3000, U+00A0, U+0085, U+001F, U+2003; U+200B and U+FEFF are
// none.
TEST(ChatTemplate, StripsAsPythonDoes) {
  EXPECT_EQ(chat_turn("user", "\u3000\u00a0\u0085\x1f a\u3000b\u2003\n"), "User: a\u3000b\n\n");
  EXPECT_EQ(chat_turn("assistant", "\u200b x \ufeff"), "Assistant: \u200b x \ufeff\n\n");
  EXPECT_EQ(chat_turn("user", "\u3000 \t"), "User: \n\n");
  EXPECT_EQ(chat_turn("user", "\xff "), "User: \xff\n\n");
}

TEST(ChatTemplate, KnowsToolsAndParts) {
  EXPECT_EQ(prompt("world", R"([{"role": "developer", "content": "Be brief."},
                                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                                {"role": "tool", "content": "{}"}])"),
            "System: Be brief.\n\nUser: ab\n\nUser: Function output:\n{}\n\nAssistant:");
}

TEST(ChatTemplate, ReadsBehindAByteOrderMark) {
  const std::string chat = R"([{"role": "user", "content": "a"}])";
  EXPECT_EQ(prompt("world", "\xEF\xBB\xBF" + chat), prompt("world", chat));
}

TEST(ChatTemplate, RefusesWhatIsNoChat) {
  for (const char* bad : {"", "{", "3", "[]", "{}", "[3]", R"([{"role": "user"}])", R"([{"content": "a"}])",
                          R"([{"role": "robot", "content": "a"}])", R"([{"role": "user", "content": ["a"]}])",
                          R"([{"role": "user", "content": [{"type": "image"}]}])",
                          R"([{"role": "assistant", "content": "a"}])"}) {
    EXPECT_THROW(prompt("world", bad), Error) << bad;
  }
  EXPECT_THROW(chat_template_from_name("llama"), Error);
}

}  // namespace
}  // namespace rwkv
