// Lines from a file descriptor; with other work at hand, without waiting.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace rwkv {

// Whether a read would return at once, with bytes or at the end.
bool readable_now(int fd);

class LineSource {
 public:
  explicit LineSource(int fd);

  // The next line without its line break (the first one also without a byte order mark); a last line needs no
  // line break. Nothing when all lines were read, when a signal asks to stop, or when `wait` is false and no
  // whole line has arrived. Error kIo.
  std::optional<std::string> next(bool wait);
  // The number of the last line from next(), beginning with 1.
  uint64_t line_number() const { return n_lines_; }
  // The share of the input in the lines returned so far; 0 when the input's size is not known.
  double share_taken() const;

 private:
  bool fill();
  std::optional<std::string> take_line();

  int fd_;
  size_t max_line_bytes_;
  uint64_t input_bytes_ = 0, taken_bytes_ = 0, n_lines_ = 0;
  bool at_end_ = false;
  std::string buffer_;
  size_t searched_ = 0;  // no line break before this offset
};

}  // namespace rwkv
