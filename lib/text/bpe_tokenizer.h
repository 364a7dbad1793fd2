// Byte-level BPE as in GPT-2 and GPT-NeoX.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/bpe_merges.h"
#include "text/byte_trie.h"
#include "text/pre_tokenizer.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

namespace rwkv {

struct BpeParts {
  TokenTable tokens;                                 // of the model, and the added ones
  std::array<std::optional<TokenId>, 256> byte_ids;  // of the tokens of one byte
  BpeMerges merges;
  TokenTable raw_added, normal_added;  // searched before and after normalisation
  Normalization normalization = Normalization::kNone;
  PreTokenizer pre_tokenizer;
  // Ids of pieces that become tokens without merges; empty unless the model ignores merges for them.
  std::unordered_map<std::string, TokenId> whole_pieces;
};

// Text -> added tokens -> normal form -> added tokens -> pieces -> bytes -> merges.
std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeParts parts);

}  // namespace rwkv
