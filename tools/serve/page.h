// The page to chat on.
#pragma once
#include <string_view>

namespace rwkv {

// HTML. "NONCE_OF_THIS_ANSWER" stands where the answer's Content-Security-Policy must be named.
std::string_view chat_page();

}  // namespace rwkv
