#include "generate/jsonl_request.h"

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "common/json_fields.h"
#include "common/json_text.h"
#include "common/token_json.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

double real(std::string_view key, const json::value& value) {
  if (!value.is_number()) fail_field(key, value, "a number");
  return value.to_number<double>();
}

std::vector<std::string> texts(std::string_view key, const json::value& value) {
  if (value.is_string()) return {text_field(key, value)};
  if (!value.is_array()) fail_field(key, value, "an array of strings");
  std::vector<std::string> result;
  for (const auto& element : value.get_array()) result.push_back(text_field(key, element));
  return result;
}

// {"261": -1.5, "0": "-inf"}; JSON has no infinity of its own.
std::vector<std::pair<TokenId, float>> biases(std::string_view key, const json::value& value,
                                              size_t n_vocab) {
  if (!value.is_object()) fail_field(key, value, "an object of ids and numbers");
  std::vector<std::pair<TokenId, float>> result;
  for (const auto& [id_text, bias] : value.get_object()) {
    json::error_code error;
    const json::value id = json::parse(id_text, error);
    if (error) fail_field(key, id_text, "ids as names");
    const bool forbidden = bias.is_string() && bias.get_string() == "-inf";
    result.emplace_back(id_field(key, id, n_vocab), forbidden ? -std::numeric_limits<float>::infinity()
                                                              : static_cast<float>(real(key, bias)));
  }
  return result;
}

uint64_t max_tokens(std::string_view key, const json::value& value) {
  if (value.is_int64() && value.get_int64() == -1) return kUnlimited;
  return index_field(key, value, "0 or more, or -1 for no limit");
}

size_t log_prob_count(std::string_view key, const json::value& value) {
  const auto n = index_field(key, value);
  if (n > kMaxLogProbs) fail_field(key, value, "at most 1000");
  return n;
}

// False when the key is not one of sampling.
bool set_sampler_key(std::string_view key, const json::value& value, size_t n_vocab,
                     SamplerOptions& sampler) {
  if (key == "temp") return sampler.temperature = real(key, value), true;
  if (key == "top_k") return sampler.top_k = index_field(key, value), true;
  if (key == "top_p") return sampler.top_p = real(key, value), true;
  if (key == "min_p") return sampler.min_p = real(key, value), true;
  if (key == "presence") return sampler.presence = real(key, value), true;
  if (key == "frequency") return sampler.frequency = real(key, value), true;
  if (key == "penalty_decay") return sampler.penalty_decay = real(key, value), true;
  if (key == "bias") return sampler.bias = biases(key, value, n_vocab), true;
  if (key == "seed") return sampler.seed = index_field(key, value), true;
  return false;
}

bool set_limit_key(std::string_view key, const json::value& value, size_t n_vocab, ContinuationOptions& c) {
  if (key == "n") return c.max_tokens = max_tokens(key, value), true;
  if (key == "stop") return c.stop_texts = texts(key, value), true;
  if (key == "stop_ids") return c.stop_ids = ids_field(key, value, n_vocab), true;
  if (key == "penalize_all") return c.penalize_all = boolean_field(key, value), true;
  if (key == "ignore_eos") return c.stop_at_end_of_text = !boolean_field(key, value), true;
  if (key == "logprobs") return c.n_log_probs = log_prob_count(key, value), true;
  return false;
}

void set_key(std::string_view key, const json::value& value, const RequestDefaults& defaults,
             Request& request) {
  if (set_sampler_key(key, value, defaults.n_vocab, request.continuation.sampler)) return;
  if (set_limit_key(key, value, defaults.n_vocab, request.continuation)) return;
  if (key == "id") return;
  if (key == "ids") {
    request.prompt = ids_field(key, value, defaults.n_vocab);
  } else if (key == "prompt") {
    if (defaults.tokenizer == nullptr) fail("prompt wants a vocabulary: -v VOCAB");
    request.prompt = defaults.tokenizer->encode(text_field(key, value));
  } else if (key == "state_in") {
    request.state_in = text_field(key, value);
  } else if (key == "state_out") {
    request.state_out = text_field(key, value);
  } else {
    fail("unknown key '" + printable(key) + "'");
  }
}

void fill(const json::object& object, const RequestDefaults& defaults, Request& request) {
  for (const auto& [key, value] : object) set_key({key.data(), key.size()}, value, defaults, request);
  if (object.contains("ids") == object.contains("prompt")) fail("want either ids or prompt");
  if (!request.continuation.stop_texts.empty() && defaults.tokenizer == nullptr) {
    fail("stop wants a vocabulary: -v VOCAB");
  }
  check_options(request.continuation.sampler, defaults.n_vocab);
  request.continuation.keep_end = !request.state_out.empty();
}

std::string_view stop_name(StopReason stop) {
  switch (stop) {
    case StopReason::kEndOfText:
      return "eos";
    case StopReason::kStop:
      return "stop";
    default:
      return "length";
  }
}

void add_result(const BatchJob& job, const Request& request, const Tokenizer* tokenizer,
                json::object& object) {
  json::array ids;
  for (const auto& token : job.tokens) ids.push_back(token.id);
  object["ids"] = std::move(ids);
  if (tokenizer != nullptr) add_bytes(object, "text", job.bytes);
  if (job.error.empty()) object["stop"] = stop_name(job.continuation.stopped());
  object["prompt_tokens"] = job.n_read;
  object["tokens"] = job.tokens.size();
  if (request.continuation.n_log_probs == 0) return;
  json::array log_probs;
  for (const auto& token : job.tokens) log_probs.push_back(token_object(token, tokenizer));
  object["logprobs"] = std::move(log_probs);
}

}  // namespace

Request parse_request(std::string_view line, const RequestDefaults& defaults) {
  Request request;
  request.continuation = defaults.continuation;
  request.state_in = defaults.state_in;
  try {
    const json::object object = parse_json_object(line);
    if (const auto* id = object.if_contains("id")) request.id = json::serialize(*id);
    fill(object, defaults, request);
  } catch (const Error& e) {
    request.error = e.what();
  }
  return request;
}

std::string answer_line(const Request& request, const BatchJob& job, const Tokenizer* tokenizer) {
  json::object object{{"id", json::parse(request.id)}};
  if (!job.error.empty()) object["error"] = job.error;
  if (job.error.empty() || job.n_read + job.tokens.size() > 0) add_result(job, request, tokenizer, object);
  return json::serialize(object);
}

}  // namespace rwkv
