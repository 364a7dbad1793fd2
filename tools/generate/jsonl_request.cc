#include "generate/jsonl_request.h"

#include <boost/json.hpp>

#include "common/constraint_options.h"
#include "common/json_fields.h"
#include "common/json_members.h"
#include "common/json_text.h"
#include "common/option_json.h"
#include "common/sampling_options.h"
#include "common/token_json.h"
#include "core/error.h"
#include "text/utf8_joiner.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

std::vector<std::string> utf8_names() { return {"keep", "replace"}; }

const Option<Request> kOwnRows[] = {
    {{.key = "utf8", .type = name_of(utf8_names)},
     [](Request& r, const OptionValue& v) { r.replace_utf8 = v.text() == "replace"; }},
};

const std::span<const Option<Request>> kOwnOptions(kOwnRows);

std::vector<std::string> all_keys() {
  std::vector<std::string> keys{"id", "ids", "prompt"};
  append_keys(kOwnOptions, keys);
  append_keys(continuation_options(), keys);
  append_constraint_keys(keys);
  append_keys(state_options(), keys);
  return keys;
}

std::vector<TokenId> prompt_of(const json::value& prompt, const Tokenizer* tokenizer) {
  if (tokenizer == nullptr) fail("prompt wants a vocabulary: -v VOCAB");
  return tokenizer->encode(text_field("prompt", prompt));
}

void fill(std::string_view line, const RequestDefaults& defaults, Request& request) {
  RawMember raw[] = {{"id"}, {"ids"}};
  const auto& [id, ids] = raw;
  const json::object object = parse_members(line, raw);
  if (id.text) {
    parse_json(*id.text);
    request.id = *id.text;
  }
  refuse_unknown_keys(object, all_keys());
  set_from_json(continuation_options(), object, request.continuation);
  set_constraint_from_json(object, request.continuation);
  set_from_json(state_options(), object, request);
  set_from_json(kOwnOptions, object, request);
  const auto* prompt = object.if_contains("prompt");
  if (ids.text.has_value() == (prompt != nullptr)) fail("want either ids or prompt");
  request.prompt = prompt != nullptr ? prompt_of(*prompt, defaults.tokenizer)
                                     : ids_of_json("ids", *ids.text, defaults.n_vocab);
  if (!request.continuation.stop_texts.empty() && defaults.tokenizer == nullptr) {
    fail("stop wants a vocabulary: -v VOCAB");
  }
  check_ids(request.continuation, defaults.n_vocab);
  request.continuation.keep_end |= !request.state_out.empty();
}

std::string with_valid_utf8(std::string_view bytes) {
  Utf8Joiner joiner(InvalidUtf8::kReplace);
  std::string text(joiner.add(bytes));
  return text += joiner.finish();
}

void add_result(const BatchJob& job, const Request& request, const Tokenizer* tokenizer,
                json::object& object) {
  json::array ids;
  for (const auto& token : job.tokens) ids.push_back(token.id);
  object["ids"] = std::move(ids);
  if (tokenizer != nullptr)
    add_bytes(object, "text", request.replace_utf8 ? with_valid_utf8(job.bytes) : job.bytes);
  if (job.error.empty()) object["stop"] = stop_name(job.continuation.stopped());
  if (const auto complete = job.continuation.is_complete()) object["complete"] = *complete;
  object["prompt_tokens"] = job.n_read;
  object["tokens"] = job.tokens.size();
  if (request.continuation.n_log_probs == 0) return;
  json::array log_probs;
  for (const auto& token : job.tokens) log_probs.push_back(token_object(token, tokenizer));
  object["logprobs"] = std::move(log_probs);
}

}  // namespace

Request parse_request(std::string_view line, uint64_t line_number, const RequestDefaults& defaults) {
  Request request;
  request.line = line_number;
  request.continuation = defaults.continuation;
  request.state_in = defaults.state_in;
  try {
    fill(line, defaults, request);
  } catch (const Error& e) {
    request.error = e.what();
  }
  return request;
}

std::string answer_line(const Request& request, const BatchJob& job, const Tokenizer* tokenizer) {
  json::object object;
  if (!job.error.empty()) object = {{"line", request.line}, {"error", job.error}};
  if (job.error.empty() || job.n_read + job.tokens.size() > 0) add_result(job, request, tokenizer, object);
  return json_text_with_id(request.id, object);
}

}  // namespace rwkv
