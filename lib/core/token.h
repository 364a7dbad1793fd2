// The number of a token.
#pragma once
#include <cstdint>

namespace rwkv {

using TokenId = uint32_t;

}  // namespace rwkv
