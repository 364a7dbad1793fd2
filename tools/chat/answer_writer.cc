#include "chat/answer_writer.h"

#include <utility>

#include "common/signals.h"
#include "core/error.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

constexpr std::string_view kDim = "\033[2m", kNormal = "\033[0m";

bool is_control(char32_t c) { return (c < 0x20 && c != U'\n' && c != U'\t') || (c >= 0x7f && c < 0xa0); }

// A model's text must not control the terminal.
std::string without_controls(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Utf8Step step = valid_utf8_step(text);
    append_utf8(is_control(step.code) ? U'\uFFFD' : step.code, result);
    text.remove_prefix(step.bytes);
  }
  return result;
}

}  // namespace

AnswerWriter::AnswerWriter(std::ostream& out, const AnswerLook& look)
    : out_(out), look_(look), joiner_(look.is_terminal ? InvalidUtf8::kReplace : InvalidUtf8::kKeep) {}

void AnswerWriter::write(const ThoughtSplitter::Part& part) {
  if (part.is_thought != in_thought_) {
    end_part();
    out_ << (part.is_thought ? look_.dims ? kDim : "<think>\n" : "\n\n");
    in_thought_ = part.is_thought;
  }
  write_text(joiner_.add(part.text));
  flush();
}

void AnswerWriter::finish() {
  end_part();
  out_ << '\n';
  flush();
}

void AnswerWriter::write_text(std::string_view bytes) {
  if (look_.is_terminal) {
    out_ << without_controls(bytes);
  } else {
    out_ << bytes;
  }
}

void AnswerWriter::end_part() {
  write_text(joiner_.finish());
  if (std::exchange(in_thought_, false)) out_ << (look_.dims ? kNormal : "\n</think>");
}

void AnswerWriter::flush() {
  out_.flush();
  if (!out_ && !stop_requested()) throw Error(ErrorKind::kIo, "cannot write standard output");
}

}  // namespace rwkv
