#include "chat/conversation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "formats/tensor_file.h"
#include "generate/token_output.h"
#include "session/state_file.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

class ConversationTest : public testing::Test {
 protected:
  ConversationTest() {
    options_.sampler = {.temperature = 1, .top_p = 0.5, .seed = 1};
    options_.max_tokens = 30;
    options_.bytes_of = [this](TokenId id) { return bytes_of_drawn(*tokenizer_, id); };
  }

  // Says it and returns the answer; stops when the answer has so many parts.
  std::string say(const std::string& text, size_t most_parts = SIZE_MAX) {
    std::string answer;
    size_t n_parts = 0;
    stops_ = most_parts == 0;
    conversation_.say({text}, form_, options_, [&](const ThoughtSplitter::Part& part) {
      answer += part.text;
      stops_ = ++n_parts >= most_parts;
    });
    stops_ = false;
    return answer;
  }
  // The text of all that the conversation has read and drawn. Its state must be that of the ids.
  std::string remembered() {
    const auto path = folder_.path() / "state";
    conversation_.save(path);
    const auto ids = read_history(TensorFile::open(path));
    Runner runner(model_, 1);
    Sequence read = runner.new_sequence();
    runner.read(read, ids);
    Sequence saved = load_state(path, model_);
    EXPECT_EQ(read.n_tokens, saved.n_tokens);
    Sequence* const both[] = {&read, &saved};
    const auto next = runner.step(both, {});
    EXPECT_TRUE(std::ranges::equal(next[0], next[1]));
    return tokenizer_->decode(ids);
  }

  TempDir folder_;
  Model model_ = Model::load(source_folder() / "demo/rwkv7-shakespeare.pth");
  std::unique_ptr<const Tokenizer> tokenizer_ = Tokenizer::load(source_folder() / "demo/vocab.txt");
  bool stops_ = false;
  ChatForm form_{&chat_template_from_name("world")};
  ContinuationOptions options_{};
  Conversation conversation_{model_, *tokenizer_, 1, [this] { return stops_; }};
};

TEST_F(ConversationTest, RemembersAllThatItShowed) {
  // Stops of one letter begin within tokens.
  for (const char* stop : {"e", "a", ",", "th"}) {
    options_.stop_texts = {stop};
    conversation_.begin();
    const std::string first = say("Who is it?"), second = say("Why?");
    const std::string both =
        "User: Who is it?\n\nAssistant: " + first + "\n\nUser: Why?\n\nAssistant: " + second;
    EXPECT_EQ(without_space(remembered()), without_space(both)) << stop;
  }
}

TEST_F(ConversationTest, PutsOneEmptyLineBetweenTurns) {
  // Token 11 is a line break: the answer is that alone.
  options_.sampler.bias = {{11, 1000.F}};
  for (const uint64_t n : {1, 2, 3}) {
    options_.max_tokens = n;
    conversation_.begin();
    say("Who?");
    options_.max_tokens = 0;
    say("Why?");
    EXPECT_EQ(remembered(), "User: Who?\n\nAssistant:" + std::string(std::max<uint64_t>(n, 2), '\n') +
                                "User: Why?\n\nAssistant:");
  }
}

TEST_F(ConversationTest, SaysNothingWhenItIsStoppedBeforeAnAnswer) {
  say("Who is it?");
  const std::string before = remembered();
  EXPECT_EQ(say("Why?", 0), "");
  EXPECT_EQ(remembered(), before);
  EXPECT_NE(say("Why?", 2), "");
  EXPECT_NE(remembered().find("\n\nUser: Why?\n\nAssistant:"), std::string::npos);
  EXPECT_TRUE(conversation_.undo());
  EXPECT_EQ(remembered(), before);
}

TEST_F(ConversationTest, RemembersNoThought) {
  form_.think = &think_form_from_name("short");
  form_.system = "Be brief.";
  EXPECT_NE(say("Who is it?"), "");
  EXPECT_EQ(remembered(), "System: Be brief.\n\nUser: Who is it?\n\nAssistant: \n\n");
  form_.think = &think_form_from_name("no");
  const std::string answer = say("Why?");
  EXPECT_EQ(
      remembered(),
      "System: Be brief.\n\nUser: Who is it?\n\nAssistant: \n\nUser: Why?\n\nAssistant: " + answer + "\n\n");
}

TEST_F(ConversationTest, IsAsBeforeWhenAnAnswerCannotBePassedOn) {
  say("Who is it?");
  const std::string before = remembered();
  EXPECT_THROW(conversation_.say({"Why?"}, form_, options_,
                                 [](const ThoughtSplitter::Part&) { throw std::runtime_error("full"); }),
               std::runtime_error);
  EXPECT_EQ(remembered(), before);
}

TEST_F(ConversationTest, TakesMessagesBack) {
  EXPECT_FALSE(conversation_.take_back());
  EXPECT_FALSE(conversation_.undo());
  say("Who is it?");
  const auto message = conversation_.take_back();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "Who is it?");
  EXPECT_EQ(message->n_retries, 1);
  EXPECT_EQ(conversation_.n_tokens(), 0);
  say("Who is it?");
  conversation_.begin();
  EXPECT_FALSE(conversation_.take_back());  // the last step was no message
  EXPECT_TRUE(conversation_.undo());
  EXPECT_TRUE(conversation_.take_back());
}

}  // namespace
}  // namespace rwkv
