// How a sequence is continued: the options, and the keys of JSON requests, of all that draw ids.
#pragma once
#include <span>
#include <string>

#include "common/option.h"
#include "session/continuation.h"

namespace rwkv {

// Sampling, length and stops. --preset is the first row, so that what is given beside it wins.
std::span<const Option<ContinuationOptions>> continuation_options();

// What holds when nothing is given: top-p 0.5, 256 ids, a random seed.
ContinuationOptions default_continuation();

// Error kUsage when an id to stop at or to bias is not one of the `n_vocab`, or the sampler's options are
// outside their ranges.
void check_ids(const ContinuationOptions& options, size_t n_vocab);

}  // namespace rwkv
