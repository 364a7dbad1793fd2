// Joins the bytes of tokens into whole characters.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

// kReplace: by U+FFFD, one for each maximal part of a character. kRefuse: Error kFormat naming the byte
// offset.
enum class InvalidUtf8 { kKeep, kReplace, kRefuse };

// A token may end inside a UTF-8 character: the beginning of the character is held back until its rest
// arrives or cannot arrive.
class Utf8Joiner {
 public:
  explicit Utf8Joiner(InvalidUtf8 invalid) : invalid_(invalid) {}
  // Returns the next bytes of the text that are certain.
  std::string add(std::string_view bytes);
  // Call at the end of the text: returns what was held back.
  std::string finish();

 private:
  std::string whole_part(size_t n_bytes);

  InvalidUtf8 invalid_;
  std::string pending_;
  uint64_t offset_ = 0;  // of pending_, from the beginning of the first text
};

}  // namespace rwkv
