// Python's string and bytes literals, in which World vocabularies write their tokens.
#pragma once
#include <string>
#include <string_view>

namespace rwkv {

// The bytes of 'text', "text" (as UTF-8), b'bytes' or b"bytes", with Python's escapes but \N{name}. Error
// kFormat: anything else, or a character that UTF-8 (or a byte) cannot hold.
std::string parse_python_literal(std::string_view literal);

}  // namespace rwkv
