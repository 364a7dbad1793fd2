// Lines from a file descriptor, without waiting for them if there is other work.
#pragma once
#include <optional>
#include <string>

namespace rwkv {

class LineSource {
 public:
  explicit LineSource(int fd) : fd_(fd) {}

  // The next line without its line break; also a last line that has none. Nothing when all lines were read,
  // when a signal asks to stop, or when no whole line is there yet and `wait` is false. Error kIo.
  std::optional<std::string> next(bool wait);

 private:
  bool readable_now() const;
  bool fill();
  std::optional<std::string> take_line();

  int fd_;
  bool at_end_ = false;
  std::string buffer_;
  size_t searched_ = 0;  // no line break before
};

}  // namespace rwkv
