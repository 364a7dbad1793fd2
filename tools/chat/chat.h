// A conversation between a person, or a script, and a model: lines in, answers out.
#pragma once
#include <optional>
#include <string>

#include "chat/answer_writer.h"
#include "chat/commands.h"
#include "chat/conversation.h"
#include "chat/line_editor.h"
#include "chat/options.h"
#include "common/draft.h"
#include "common/line_source.h"

namespace rwkv {

class Chat {
 public:
  // Loads the state that the options name. All arguments outlive this; the continuation of the options has
  // `bytes_of`. Error as load_state(); kUsage when the file is an initial state, which --state would replace.
  Chat(const ChatOptions& options, const Model& model, const Tokenizer& tokenizer);

  // Runs until the input ends or a signal arrives. A wrong line is reported and the next one is read when a
  // person types them, else it is an Error.
  void run();

 private:
  std::optional<std::string> next_line();
  void handle(const std::string& line);
  Command command_of(const std::string& line) const;
  void run_command(const Command& command);
  void say(const Message& message);
  void retry();
  void undo();
  void begin();
  void print_stats() const;
  void keep_state();

  const ChatOptions& options_;
  Draft draft_;
  Conversation conversation_;
  ChatForm form_;
  AnswerLook look_;
  std::optional<LineEditor> editor_;  // when a person types the lines
  LineSource lines_;                  // when not
  bool was_interrupted_ = false;      // by Ctrl-C, and no line came since
  bool is_kept_ = true;               // the file of the options has this state
};

}  // namespace rwkv
