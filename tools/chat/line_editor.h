// Lines that a person edits on a terminal.
#pragma once
#include <memory>
#include <optional>
#include <string>

namespace rwkv {

// Whether lines can be edited: standard input and standard error are terminals.
bool can_edit_lines();

// Line editing and a history, by libedit, on standard input and standard error; standard output is for data.
// A paste is one line with line breaks in it, where the terminal marks pastes (bracketed paste); Alt-Enter
// inserts a line break. One object at a time.
class LineEditor {
 public:
  // Error kIo: no terminal.
  LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  // The next line, in UTF-8, without its line break. Nothing at the end of the input, and when
  // stop_requested() becomes true; then the typed characters are lost.
  std::optional<std::string> next();

 private:
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;
};

}  // namespace rwkv
