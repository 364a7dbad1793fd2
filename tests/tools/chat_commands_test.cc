#include "chat/commands.h"

#include <gtest/gtest.h>

#include "support/error_of.h"

namespace rwkv {
namespace {

TEST(ChatCommandsTest, TakeWhatTheyWant) {
  EXPECT_EQ(parse_command("/help").kind, CommandKind::kHelp);
  EXPECT_EQ(parse_command("/undo \r").kind, CommandKind::kUndo);
  const Command load = parse_command("/load  a file \t");
  EXPECT_EQ(load.kind, CommandKind::kLoad);
  EXPECT_EQ(load.argument, "a file");
  EXPECT_EQ(parse_command("/system Be\nbrief.").argument, "Be\nbrief.");
  EXPECT_EQ(parse_command("/think").argument, "");
}

TEST(ChatCommandsTest, RefuseTheRest) {
  const auto refused = [](std::string_view line) { return error_of([&] { parse_command(line); }); };
  EXPECT_EQ(refused("/save"), "want /save FILE");
  EXPECT_EQ(refused("/undo 2"), "/undo takes nothing more");
  EXPECT_TRUE(refused("/halp").starts_with("unknown command '/halp', did you mean /help?"));
  EXPECT_TRUE(refused("/").starts_with("unknown command '/' (a message"));
}

TEST(ChatCommandsTest, AreAllInTheHelp) {
  const std::string text = commands_text();
  for (const char* name : {"/help", "/reset", "/undo", "/retry", "/save FILE", "/load FILE", "/system [TEXT]",
                           "/think [HOW]", "/stats"})
    EXPECT_NE(text.find(std::string("  ") + name + " "), std::string::npos) << name;
}

}  // namespace
}  // namespace rwkv
