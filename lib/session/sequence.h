// One sequence of tokens on its way through a model.
#pragma once
#include <optional>
#include <vector>

#include "model/state.h"
#include "sampling/sampler.h"

namespace rwkv {

// Stands after its last token. That token is either still to be fed (`pending`: no logits are computed before
// somebody asks what comes next), or already in the state, and then `logits` may say what follows it.
// All that a sequence is: two equal ones, under the same options, go on alike. Copies are independent.
struct Sequence {
  State state;
  std::optional<TokenId> pending;
  std::vector<float> logits;  // empty, or one a vocabulary entry; only without `pending`
  uint64_t n_tokens = 0;      // read or drawn so far, `pending` among them
  SamplerState sampler;
};

}  // namespace rwkv
