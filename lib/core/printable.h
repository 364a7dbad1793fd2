// Text from a file, made fit for a one-line message.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// Control characters become '?', and what is longer than 200 bytes is cut, so that no name in a file can
// break or flood a message.
inline std::string printable(std::string_view text) {
  constexpr size_t kMaxBytes = 200;
  std::string result(text.substr(0, kMaxBytes));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text.size() > kMaxBytes ? result + "..." : result;
}

}  // namespace rwkv
