// The results of rwkv-score as JSON.
#pragma once
#include "core/token.h"
#include "score/sums.h"
#include "text/tokenizer.h"

namespace boost::json {
class object;
}

namespace rwkv {

// {"position", "id", "text" with a tokenizer, "logprob"}
boost::json::object token_json(size_t position, TokenId id, double log_prob, const Tokenizer* tokenizer);

// {"tokens", "nats", "nats_per_token", "perplexity"}, and with bytes "bytes", "bits_per_byte".
boost::json::object figures_json(const LikelihoodSum& sum, bool with_bytes);

// The object "against" of --json; docs in the manual.
boost::json::object comparison_json(const LogitComparison& comparison, const LikelihoodSum& sum);

}  // namespace rwkv
