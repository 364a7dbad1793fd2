// Upper and lower case of ASCII.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// The text with A to Z as a to z, whatever the locale; other bytes stay.
inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace rwkv
