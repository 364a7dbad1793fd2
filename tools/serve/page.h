// The page to chat on.
#pragma once
#include <string_view>

namespace rwkv {

// HTML. "NONCE_OF_THIS_ANSWER" must be replaced by the nonce in the answer's Content-Security-Policy.
std::string_view chat_page();

}  // namespace rwkv
