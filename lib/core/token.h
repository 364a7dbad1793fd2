// The number of a token.
#pragma once
#include <cstdint>

namespace rwkv {

using TokenId = uint32_t;

// What every RWKV vocabulary begins with: the end of a text, and what an empty prompt begins from.
constexpr TokenId kEndOfTextId = 0;

}  // namespace rwkv
