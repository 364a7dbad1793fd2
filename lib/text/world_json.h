// World vocabularies as JSON maps.
#pragma once
#include <memory>
#include <string_view>

#include "text/tokenizer.h"

namespace rwkv {

// Whether a file begins like one of the maps below.
bool looks_like_world_json(std::string_view file);

// {"id": "text"} or {"id": [bytes]}, as in web-rwkv; or {"text": id}, where each character of a text is a
// byte (Latin-1). Error kFormat for anything else, and for an id or a token that occurs twice.
std::unique_ptr<const Tokenizer> parse_world_json(std::string_view file);

}  // namespace rwkv
