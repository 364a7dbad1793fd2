// Bytes in a readable form.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// Visible characters and the space stay; backslash becomes \\, others \n, \r, \t or \xHH for each byte. The
// form is unique: no two byte strings share one.
std::string escape_bytes(std::string_view bytes);

// The bytes of such a form. Error kUsage for a backslash before any other character.
std::string unescape_bytes(std::string_view text);

}  // namespace rwkv
