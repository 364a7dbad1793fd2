// GPT-2's pieces of a text, inside which byte pairs are merged.
#pragma once
#include <cstddef>
#include <string_view>

namespace rwkv {

// How many bytes the first piece of `text` (valid UTF-8, not empty) has. The pieces are those of the pattern
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// (Radford et al. 2019, as in Hugging Face's ByteLevel).
size_t gpt2_piece_bytes(std::string_view text);

}  // namespace rwkv
