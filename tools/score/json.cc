#include "score/json.h"

#include <boost/json.hpp>
#include <cstdio>

#include "common/json_text.h"
#include "generate/token_output.h"

namespace rwkv {

namespace json = boost::json;

json::object token_json(size_t position, TokenId id, double log_prob, const Tokenizer* tokenizer) {
  json::object object{{"position", position}, {"id", id}};
  if (tokenizer != nullptr) add_bytes(object, "text", bytes_of_drawn(*tokenizer, id));
  object["logprob"] = finite_or_null(log_prob);
  return object;
}

json::object figures_json(const LikelihoodSum& sum, bool with_bytes) {
  json::object object{{"tokens", sum.tokens},
                      {"nats", finite_or_null(sum.nats)},
                      {"nats_per_token", finite_or_null(sum.nats_per_token())},
                      {"perplexity", finite_or_null(sum.perplexity())}};
  if (with_bytes) {
    object["bytes"] = sum.bytes;
    object["bits_per_byte"] = finite_or_null(sum.bits_per_byte());
  }
  return object;
}

json::object comparison_json(const LogitComparison& comparison, const LikelihoodSum& sum) {
  json::object percentiles;
  for (const double percent : kKlPercentiles) {
    char key[16];
    std::snprintf(key, sizeof key, "%g", percent);
    percentiles[key] = finite_or_null(comparison.kl_percentile(percent));
  }
  return {{"rows", comparison.rows()},
          {"mean_kl", finite_or_null(comparison.mean_kl())},
          {"kl_error", finite_or_null(comparison.kl_error())},
          {"kl_percentiles", std::move(percentiles)},
          {"top1_agreement", finite_or_null(comparison.top1_share())},
          {"max_difference", finite_or_null(comparison.largest_difference())},
          {"mean_change", finite_or_null(comparison.mean_change())},
          {"rms_change", finite_or_null(comparison.rms_change())},
          {"perplexity_error", finite_or_null(sum.perplexity_error())}};
}

}  // namespace rwkv
