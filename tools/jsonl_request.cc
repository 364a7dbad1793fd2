#include "jsonl_request.h"

#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/printable.h"
#include "json_text.h"
#include "token_json.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

[[noreturn]] void fail_key(std::string_view key, const json::value& found, const char* wanted) {
  fail(std::string(key) + " is " + printable(json::serialize(found)) + ", want " + wanted);
}

template <class T>
T integer(std::string_view key, const json::value& value, const char* wanted) {
  json::error_code error;
  const T number = value.is_number() ? value.to_number<T>(error) : T();
  if (!value.is_number() || error) fail_key(key, value, wanted);
  return number;
}

double real(std::string_view key, const json::value& value) {
  if (!value.is_number()) fail_key(key, value, "a number");
  return value.to_number<double>();
}

bool boolean(std::string_view key, const json::value& value) {
  if (!value.is_bool()) fail_key(key, value, "true or false");
  return value.get_bool();
}

std::string text(std::string_view key, const json::value& value) {
  if (!value.is_string()) fail_key(key, value, "a string");
  return {value.get_string().begin(), value.get_string().end()};
}

TokenId token_id(std::string_view key, const json::value& value, size_t n_vocab) {
  const auto id = integer<uint64_t>(key, value, "ids");
  if (id >= n_vocab) {
    fail(std::string(key) + ": id " + std::to_string(id) + ", but the vocabulary has " +
         std::to_string(n_vocab) + " ids");
  }
  return static_cast<TokenId>(id);
}

std::vector<TokenId> token_ids(std::string_view key, const json::value& value, size_t n_vocab) {
  if (!value.is_array()) fail_key(key, value, "an array of ids");
  std::vector<TokenId> ids;
  for (const auto& element : value.get_array()) ids.push_back(token_id(key, element, n_vocab));
  return ids;
}

std::vector<std::string> texts(std::string_view key, const json::value& value) {
  if (value.is_string()) return {text(key, value)};
  if (!value.is_array()) fail_key(key, value, "an array of strings");
  std::vector<std::string> result;
  for (const auto& element : value.get_array()) result.push_back(text(key, element));
  return result;
}

// {"261": -1.5, "0": "-inf"}; JSON has no infinity of its own.
std::vector<std::pair<TokenId, float>> biases(std::string_view key, const json::value& value,
                                              size_t n_vocab) {
  if (!value.is_object()) fail_key(key, value, "an object of ids and numbers");
  std::vector<std::pair<TokenId, float>> result;
  for (const auto& [id_text, bias] : value.get_object()) {
    json::error_code error;
    const json::value id = json::parse(id_text, error);
    if (error) fail_key(key, id_text, "ids as names");
    const bool forbidden = bias.is_string() && bias.get_string() == "-inf";
    result.emplace_back(token_id(key, id, n_vocab), forbidden ? -std::numeric_limits<float>::infinity()
                                                              : static_cast<float>(real(key, bias)));
  }
  return result;
}

uint64_t max_tokens(std::string_view key, const json::value& value) {
  const auto n = integer<int64_t>(key, value, "a whole number");
  if (n < -1) fail_key(key, value, "0 or more, or -1 for no limit");
  return n < 0 ? kUnlimited : static_cast<uint64_t>(n);
}

size_t log_prob_count(std::string_view key, const json::value& value) {
  const auto n = integer<uint64_t>(key, value, "a whole number");
  if (n > kMaxLogProbs) fail_key(key, value, "at most 1000");
  return n;
}

// False when the key is not one of sampling.
bool set_sampler_key(std::string_view key, const json::value& value, size_t n_vocab,
                     SamplerOptions& sampler) {
  if (key == "temp") return sampler.temperature = real(key, value), true;
  if (key == "top_k") return sampler.top_k = integer<size_t>(key, value, "a whole number"), true;
  if (key == "top_p") return sampler.top_p = real(key, value), true;
  if (key == "min_p") return sampler.min_p = real(key, value), true;
  if (key == "presence") return sampler.presence = real(key, value), true;
  if (key == "frequency") return sampler.frequency = real(key, value), true;
  if (key == "penalty_decay") return sampler.penalty_decay = real(key, value), true;
  if (key == "bias") return sampler.bias = biases(key, value, n_vocab), true;
  if (key == "seed") return sampler.seed = integer<uint64_t>(key, value, "a whole number"), true;
  return false;
}

bool set_limit_key(std::string_view key, const json::value& value, size_t n_vocab, ContinuationOptions& c) {
  if (key == "n") return c.max_tokens = max_tokens(key, value), true;
  if (key == "stop") return c.stop_texts = texts(key, value), true;
  if (key == "stop_ids") return c.stop_ids = token_ids(key, value, n_vocab), true;
  if (key == "penalize_all") return c.penalize_all = boolean(key, value), true;
  if (key == "ignore_eos") return c.stop_at_end_of_text = !boolean(key, value), true;
  if (key == "logprobs") return c.n_log_probs = log_prob_count(key, value), true;
  return false;
}

void set_key(std::string_view key, const json::value& value, const RequestDefaults& defaults,
             Request& request) {
  if (set_sampler_key(key, value, defaults.n_vocab, request.continuation.sampler)) return;
  if (set_limit_key(key, value, defaults.n_vocab, request.continuation)) return;
  if (key == "id") return;
  if (key == "ids") {
    request.prompt = token_ids(key, value, defaults.n_vocab);
  } else if (key == "prompt") {
    if (defaults.tokenizer == nullptr) fail("prompt wants a vocabulary: -v VOCAB");
    request.prompt = defaults.tokenizer->encode(text(key, value));
  } else if (key == "state_in") {
    request.state_in = text(key, value);
  } else if (key == "state_out") {
    request.state_out = text(key, value);
  } else {
    fail("unknown key '" + printable(key) + "'");
  }
}

json::object parse_object(std::string_view line) {
  json::error_code error;
  json::value value = json::parse({line.data(), line.size()}, error);
  if (error) fail("not JSON: " + error.message());
  if (!value.is_object()) fail("not a JSON object");
  return std::move(value.get_object());
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
    const json::object object = parse_object(line);
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
