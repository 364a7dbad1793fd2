// Lines from a file descriptor, without waiting for them if there is other work.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace rwkv {

// Whether a read would not wait: there are bytes, or the end.
bool readable_now(int fd);

class LineSource {
 public:
  explicit LineSource(int fd);

  // The next line without its line break, and a first one without a byte order mark; also a last line that
  // has none. Nothing when all lines were read, when a signal asks to stop, or when no whole line is there
  // yet and `wait` is false. Error kIo.
  std::optional<std::string> next(bool wait);
  // The number of the line that next() gave last, from 1 on.
  uint64_t line_number() const { return n_lines_; }
  // The share of the input that the lines given out make up; 0 when the input's size is not known.
  double share_taken() const;

 private:
  bool fill();
  std::optional<std::string> take_line();

  int fd_;
  size_t max_line_bytes_;
  uint64_t input_bytes_ = 0, taken_bytes_ = 0, n_lines_ = 0;
  bool at_end_ = false;
  std::string buffer_;
  size_t searched_ = 0;  // no line break before
};

}  // namespace rwkv
