// Python's string and bytes literals, in which World vocabularies write their tokens.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// The bytes of 'text', "text" (as UTF-8), b'bytes' or b"bytes", with Python's escapes but \N{name}. Error
// kFormat: anything else, or a character that UTF-8 (or a byte) cannot hold.
std::string parse_python_literal(std::string_view literal);
// A literal of these bytes: 'text' when every character beyond ASCII is visible, else b'bytes'.
std::string to_python_literal(std::string_view bytes);

// The same without b and quotes, as GGUF files hold a World vocabulary: what Python's repr() of bytes has
// inside. Reading, quotes and bytes above 0x7f stand for themselves.
std::string parse_bytes_inside(std::string_view inside);
std::string to_bytes_inside(std::string_view bytes);

}  // namespace rwkv
