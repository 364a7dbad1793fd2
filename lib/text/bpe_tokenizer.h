// Byte-level BPE as GPT-2 and GPT-NeoX have it.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/bpe_merges.h"
#include "text/byte_trie.h"
#include "text/tokenizer.h"

namespace rwkv {

struct BpeParts {
  TokenTable tokens;                                 // of the model and the added ones
  std::array<std::optional<TokenId>, 256> byte_ids;  // of the tokens that are one byte
  BpeMerges merges;
  TokenTable raw_added, normal_added;  // looked for before and after normalization
  bool normalizes = false;             // to NFC
};

// Text -> added tokens -> NFC -> added tokens -> GPT-2's pieces -> bytes -> merges.
std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeParts parts);

}  // namespace rwkv
