// Python's string and bytes literals, the spelling of tokens in World vocabularies.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// The bytes of 'text', "text" (as UTF-8), b'bytes' or b"bytes", with Python's escapes except \N{name}. Error
// kFormat: anything else, or a character that UTF-8 (or a byte) cannot hold.
std::string parse_python_literal(std::string_view literal);
// A literal of these bytes: 'text' when every character beyond ASCII is visible, else b'bytes'.
std::string to_python_literal(std::string_view bytes);

// The same without b and quotes, the spelling in GGUF files: the inside of Python's repr() of bytes. When
// read, quotes and bytes above 0x7f stand for themselves.
std::string parse_bytes_inside(std::string_view inside);
std::string to_bytes_inside(std::string_view bytes);

}  // namespace rwkv
