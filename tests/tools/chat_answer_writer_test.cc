#include "chat/answer_writer.h"

#include <gtest/gtest.h>

#include <sstream>

namespace rwkv {
namespace {

using Parts = std::vector<ThoughtSplitter::Part>;

std::string written(const AnswerLook& look, const Parts& parts) {
  std::ostringstream out;
  AnswerWriter writer(out, look);
  for (const auto& part : parts) writer.write(part);
  writer.finish();
  return out.str();
}

TEST(AnswerWriterTest, PartsThoughtsFromAnswers) {
  const Parts parts = {{true, "Hm"}, {true, ", well."}, {false, "Yes"}, {false, ".\n\nIt is."}};
  EXPECT_EQ(written({}, parts), "<think>\nHm, well.\n</think>\n\nYes.\n\nIt is.\n");
  EXPECT_EQ(written({.is_terminal = true, .dims = true}, parts),
            "\033[2mHm, well.\033[0m\n\nYes.\n\nIt is.\n");
  EXPECT_EQ(written({}, {{true, "Hm"}}), "<think>\nHm\n</think>\n");
  EXPECT_EQ(written({}, {{false, "Yes."}}), "Yes.\n");
  EXPECT_EQ(written({}, {}), "\n");
}

TEST(AnswerWriterTest, KeepsATerminalFromHarm) {
  const Parts parts = {{false, "\xE6\x97"},
                       {false,
                        "\xA5 \033[2J\a\tb\x7f\xC2\x9B"
                        "1m\xFF\xE6"}};
  EXPECT_EQ(written({}, parts),
            "\xE6\x97\xA5 \033[2J\a\tb\x7f\xC2\x9B"
            "1m\xFF\xE6\n");
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(written({.is_terminal = true}, parts),
            "\xE6\x97\xA5 " + r + "[2J" + r + "\tb" + r + r + "1m" + r + r + "\n");
}

}  // namespace
}  // namespace rwkv
