// Writes answers to standard output.
#pragma once
#include <ostream>
#include <string>
#include <string_view>

#include "text/thoughts.h"
#include "text/utf8_joiner.h"

namespace rwkv {

struct AnswerLook {
  bool is_terminal = false;  // whole characters only; U+FFFD replaces invalid bytes and control characters
  bool dims = false;         // thoughts are dim; else they are between <think> and </think>
};

// Every write is flushed. Error kIo when one fails, unless the tool is about to end.
class AnswerWriter {
 public:
  // `out` outlives this.
  AnswerWriter(std::ostream& out, const AnswerLook& look);

  void write(const ThoughtSplitter::Part& part);
  // The answer is complete: ends its last line.
  void finish();

 private:
  void write_text(std::string_view bytes);
  void end_part();
  void flush();

  std::ostream& out_;
  AnswerLook look_;
  Utf8Joiner joiner_;
  bool in_thought_ = false;
};

}  // namespace rwkv
