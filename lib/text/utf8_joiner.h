// Puts the bytes of tokens together into whole characters.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

enum class InvalidUtf8 { kKeep, kReplace };  // by U+FFFD, one for each maximal part of a character

// A token may end inside a UTF-8 character: its beginning is held back until the rest has come or cannot
// come.
class Utf8Joiner {
 public:
  explicit Utf8Joiner(InvalidUtf8 invalid) : invalid_(invalid) {}
  // The next bytes of the text that are certain.
  std::string add(std::string_view bytes);
  // The text has ended: what was held back.
  std::string finish();

 private:
  std::string whole_part(size_t n_bytes);

  InvalidUtf8 invalid_;
  std::string pending_;
};

}  // namespace rwkv
