// Makes text from a file fit for a one-line message.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// Replaces control characters by '?' and cuts the text after 200 bytes, so that a name in a file can neither
// break nor flood a message.
inline std::string printable(std::string_view text) {
  constexpr size_t kMaxBytes = 200;
  std::string result(text.substr(0, kMaxBytes));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text.size() > kMaxBytes ? result + "..." : result;
}

}  // namespace rwkv
