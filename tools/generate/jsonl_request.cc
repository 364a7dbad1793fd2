#include "generate/jsonl_request.h"

#include <boost/json.hpp>

#include "common/json_fields.h"
#include "common/json_text.h"
#include "common/option_json.h"
#include "common/sampling_options.h"
#include "common/token_json.h"
#include "core/error.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

// Keys of a request that are no options.
constexpr std::string_view kOtherKeys[] = {"id", "ids", "prompt"};

std::vector<std::string> all_keys() {
  std::vector<std::string> keys(std::begin(kOtherKeys), std::end(kOtherKeys));
  append_keys(continuation_options(), keys);
  append_keys(state_options(), keys);
  return keys;
}

void fill(const json::object& object, const RequestDefaults& defaults, Request& request) {
  refuse_unknown_keys(object, all_keys());
  set_from_json(continuation_options(), object, request.continuation);
  set_from_json(state_options(), object, request);
  const auto *ids = object.if_contains("ids"), *prompt = object.if_contains("prompt");
  if ((ids == nullptr) == (prompt == nullptr)) fail("want either ids or prompt");
  if (ids != nullptr) request.prompt = ids_field("ids", *ids, defaults.n_vocab);
  if (prompt != nullptr) {
    if (defaults.tokenizer == nullptr) fail("prompt wants a vocabulary: -v VOCAB");
    request.prompt = defaults.tokenizer->encode(text_field("prompt", *prompt));
  }
  if (!request.continuation.stop_texts.empty() && defaults.tokenizer == nullptr) {
    fail("stop wants a vocabulary: -v VOCAB");
  }
  check_ids(request.continuation, defaults.n_vocab);
  request.continuation.keep_end |= !request.state_out.empty();
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
  return json_text(object);
}

}  // namespace rwkv
