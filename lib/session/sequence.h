// One sequence of tokens, with everything needed to continue it.
#pragma once
#include <optional>
#include <vector>

#include "model/state.h"
#include "sampling/sampler.h"

namespace rwkv {

// Ends with its last token. Either that token has not been fed yet (`pending`: its logits are computed only
// when needed), or the state contains the token, and `logits` may hold what follows. These fields are all
// that a sequence is: two equal ones, with the same options, continue alike. Copies are independent.
struct Sequence {
  State state;
  std::optional<TokenId> pending;
  std::vector<float> logits;  // n_vocab, or none; never together with `pending`
  uint64_t n_tokens = 0;      // read or drawn so far, including `pending`
  SamplerState sampler;
};

}  // namespace rwkv
