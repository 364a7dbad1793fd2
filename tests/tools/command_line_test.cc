#include "common/command_line.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

struct Given {
  uint64_t number = 0;
  std::string text;
  bool on = false, other = false;
  std::vector<std::string> texts, operands;
};

const Option<Given> kOptions[] = {
    {{"number", 'n', "", "N", whole(0, 99), "g", "a number"},
     [](Given& g, const OptionValue& v) { g.number = v.whole(); }},
    {{"text", 't', "", "TEXT", kTextType, "g", "a text"},
     [](Given& g, const OptionValue& v) { g.text = v.text(); }},
    {{"on", 'o', "", "", kSwitchType, "g", "on"}, [](Given& g, const OptionValue& v) { g.on = v.on(); }},
    {{"other", '0', "", "", kSwitchType, "g", "other"},
     [](Given& g, const OptionValue& v) { g.other = v.on(); }},
    {{"many", 0, "", "TEXT", kTextsType, "g", "texts"},
     [](Given& g, const OptionValue& v) { g.texts = v.texts(); }},
};

Given parse(std::vector<const char*> words, size_t most_operands = 2) {
  Given given;
  CommandLine line({.name = "tool", .summary = "", .usage = "tool", .examples = ""});
  line.add(kOptions, given);
  line.add_operands(given.operands, most_operands);
  words.insert(words.begin(), "tool");
  EXPECT_TRUE(line.parse(static_cast<int>(words.size()), words.data()));
  return given;
}

std::string error_of(std::vector<const char*> words) {
  try {
    parse(std::move(words));
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kUsage);
    const std::string message = e.what();
    EXPECT_TRUE(message.ends_with(" (try --help)"));
    return message.substr(0, message.rfind(" (try"));
  }
  return "taken";
}

TEST(CommandLineTest, ReadsOptionsInEverySpelling) {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{"-n5", "-t", "x"},
                                             {"-n", "5", "-tx"},
                                             {"--number=5", "--text=x"},
                                             {"--number", "5", "--text", "x"},
                                             {"-t", "x", "-on5"}}) {
    const Given given = parse(words);
    EXPECT_EQ(given.number, 5);
    EXPECT_EQ(given.text, "x");
  }
  EXPECT_TRUE(parse({"-o0"}).on);
  EXPECT_TRUE(parse({"-o0"}).other);
  EXPECT_EQ(parse({"--text="}).text, "");
  EXPECT_EQ(parse({"--text", "--on"}).text, "--on");
  EXPECT_EQ(parse({"-t-n"}).text, "-n");
}

TEST(CommandLineTest, TheLastOfARepeatedOptionWins) {
  EXPECT_EQ(parse({"-n", "1", "--number", "2"}).number, 2);
  EXPECT_EQ(parse({"-n", "1000", "-n", "2"}).number, 2);
  EXPECT_EQ(parse({"--many", "a", "--many", "b"}).texts, (std::vector<std::string>{"a", "b"}));
}

TEST(CommandLineTest, OperandsStandAnywhere) {
  EXPECT_EQ(parse({"a", "-o", "-"}).operands, (std::vector<std::string>{"a", "-"}));
  EXPECT_EQ(parse({"--", "-o", "--"}).operands, (std::vector<std::string>{"-o", "--"}));
  EXPECT_FALSE(parse({"--", "-o"}).on);
  EXPECT_EQ(error_of({"a", "b", "c"}), "'c' is one operand too many");
}

TEST(CommandLineTest, TellsWhatIsWrong) {
  EXPECT_EQ(error_of({"--nmber", "3"}), "unknown option '--nmber', did you mean --number?");
  EXPECT_EQ(error_of({"--num", "3"}), "unknown option '--num', did you mean --number?");
  EXPECT_EQ(error_of({"-x"}), "unknown option '-x'");
  EXPECT_EQ(error_of({"--number"}), "--number wants a value: --number N");
  EXPECT_EQ(error_of({"-on"}), "--number wants a value: --number N");
  EXPECT_EQ(error_of({"-t", "-n"}), "--text wants a value: --text TEXT");
  EXPECT_EQ(error_of({"--on=yes"}), "--on takes no value");
  EXPECT_EQ(error_of({"-n", "100"}), "-n is 100, want a whole number from 0 to 99");
  EXPECT_EQ(error_of({"--number", "-1"}), "--number is -1, want a whole number from 0 to 99");
}

}  // namespace
}  // namespace rwkv
