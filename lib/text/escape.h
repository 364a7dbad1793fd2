// Bytes in a form that people can read.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// Characters that have a shape, and the space, stay as they are; backslash becomes \\, others \n, \r, \t or
// \xHH a byte. Nothing is lost: no two byte strings have the same form.
std::string escape_bytes(std::string_view bytes);

// The bytes that such a form stands for. Error kUsage at a backslash before anything else.
std::string unescape_bytes(std::string_view text);

}  // namespace rwkv
