// The options, and the keys of JSON requests, that say how a sequence is continued.
#pragma once
#include <span>
#include <string>

#include "common/option.h"
#include "session/continuation.h"

namespace rwkv {

// Sampling, length and stops. --preset is the first row, so that the user's other options override it.
std::span<const Option<ContinuationOptions>> continuation_options();

// The defaults: top-p 0.5, 256 ids, a random seed.
ContinuationOptions default_continuation();

uint64_t random_seed();

// Error kUsage when an id to stop at or to bias is not below n_vocab, or a sampler option is out of
// range.
void check_ids(const ContinuationOptions& options, size_t n_vocab);

}  // namespace rwkv
