// The number of a token.
#pragma once
#include <cstdint>

namespace rwkv {

using TokenId = uint32_t;

// The id of "end of text" in every RWKV vocabulary; an empty prompt starts from this id.
constexpr TokenId kEndOfTextId = 0;

}  // namespace rwkv
