// RWKV's World tokenizer: takes the longest token at each place.
#pragma once
#include <memory>
#include <string_view>

#include "text/tokenizer.h"

namespace rwkv {

// Whether a file begins like a World vocabulary: an id, a space, a Python literal.
bool looks_like_world_vocabulary(std::string_view file);

// `tokens`: none empty. Error kFormat: a token occurs twice.
std::unique_ptr<const Tokenizer> make_world_tokenizer(TokenTable tokens);

// Lines of "id literal length": the token as a Python literal, its length in bytes; in any order, ended by LF
// or CRLF (the last line also by nothing). Error kFormat naming the line: anything else, or an id or a token
// that occurs twice.
std::unique_ptr<const Tokenizer> parse_world_vocabulary(std::string_view file);

}  // namespace rwkv
