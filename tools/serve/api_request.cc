#include "serve/api_request.h"

#include <algorithm>
#include <boost/json.hpp>

#include "common/constraint_options.h"
#include "common/json_fields.h"
#include "common/json_members.h"
#include "common/option_json.h"
#include "common/sampling_options.h"
#include "core/error.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr size_t kMostTop = 20;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

// OpenAI's names for our options.
struct Alias {
  std::string_view ours, theirs;
};
constexpr Alias kAliases[] = {
    {"temp", "temperature"},
    {"presence", "presence_penalty"},
    {"frequency", "frequency_penalty"},
    {"bias", "logit_bias"},
    {"n", "max_tokens"},
    {"n", "max_completion_tokens"},
    {"stop_ids", "stop_token_ids"},
};

// Ours that mean something else here.
bool is_taken(std::string_view key) { return key == "n" || key == "logprobs"; }

// Keys that change nothing here.
constexpr std::string_view kIgnored[] = {"model",           "user",
                                         "metadata",        "store",
                                         "service_tier",    "parallel_tool_calls",
                                         "tool_choice",     "safety_identifier",
                                         "prompt_cache_key"};
constexpr std::string_view kCommon[] = {"n",        "stream",    "stream_options",   "logprobs",
                                        "state_in", "state_out", "return_token_ids", "response_format",
                                        "tools",    "functions"};
constexpr std::string_view kOfCompletions[] = {"prompt", "echo", "best_of", "suffix"};
constexpr std::string_view kOfChats[] = {"messages",         "top_logprobs", "think",
                                         "reasoning_effort", "template",     "chat_template_kwargs"};

// Calls body(info, row) for each name that each option of sampling has here.
template <class Body>
void for_each_option(Body&& body) {
  for (const auto& row : continuation_options()) {
    // A client names no files of this machine.
    if (row.info.key.empty() || row.info.type.kind == OptionKind::kFile) continue;
    OptionInfo info = row.info;
    if (!is_taken(info.key)) body(info, row);
    for (const Alias& alias : kAliases) {
      if (alias.ours != row.info.key) continue;
      info.key = alias.theirs;
      body(info, row);
    }
  }
}

void refuse_unknown(const json::object& object, std::span<const std::string_view> own) {
  std::vector<std::string> known(std::begin(kIgnored), std::end(kIgnored));
  known.insert(known.end(), std::begin(kCommon), std::end(kCommon));
  known.insert(known.end(), own.begin(), own.end());
  for_each_option([&](const OptionInfo& info, const auto&) { known.emplace_back(info.key); });
  append_constraint_keys(known);
  refuse_unknown_keys(object, known);
}

bool flag(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && boolean_field(key, *value);
}

size_t count(const json::object& object, std::string_view key, size_t otherwise) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? otherwise : index_field(key, *value);
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::string() : text_field(key, *value);
}

// Clients send null for what they leave open.
json::object parse_body(std::string_view body) {
  json::object object;
  for (auto& member : parse_json_object(body)) {
    if (!member.value().is_null()) object.emplace(member.key(), std::move(member.value()));
  }
  return object;
}

void refuse_unsupported(const json::object& object) {
  const auto is_empty = [&](const char* key) {
    const json::value* value = object.if_contains(key);
    return value == nullptr || (value->is_array() && value->get_array().empty());
  };
  if (!is_empty("tools") || !is_empty("functions")) fail("tools are not supported");
  if (object.contains("suffix")) fail("suffix is not supported");
}

// OpenAI's name for a constraint.
std::optional<ConstraintText> response_format(const json::object& object) {
  const json::value* format = object.if_contains("response_format");
  if (format == nullptr) return std::nullopt;
  const json::object* fields = format->if_object();
  const std::string type = fields == nullptr ? std::string() : text(*fields, "type");
  if (type == "text") return std::nullopt;
  if (type == "json_object") return ConstraintText{.language = Language::kJsonObject};
  if (type != "json_schema") fail("response_format: want the type text, json_object or json_schema");
  const json::value* named = fields->if_contains("json_schema");
  const json::object* members = named == nullptr ? nullptr : named->if_object();
  const json::value* schema = members == nullptr ? nullptr : members->if_contains("schema");
  if (schema == nullptr) fail("response_format: want {\"json_schema\": {\"schema\": ...}}");
  return ConstraintText{.language = Language::kJsonSchema, .text = json::serialize(*schema)};
}

void set_constraint(const json::object& object, ContinuationOptions& options) {
  std::vector<std::string> keys;
  append_constraint_keys(keys);
  options.constraint = response_format(object);
  for (const std::string& key : keys) {
    if (options.constraint && object.contains(key))
      fail("response_format and " + key + " exclude each other");
  }
  set_constraint_from_json(object, options);
}

void set_options(const json::object& object, const ApiDefaults& defaults, ApiRequest& request) {
  request.continuation = defaults.continuation;
  // Clients that know no number but double's must be able to read it.
  if (!defaults.has_seed) request.continuation.sampler.seed = static_cast<uint32_t>(random_seed());
  for_each_option([&](const OptionInfo& info, const auto& row) {
    if (const auto value = value_from_json(info, object)) row.set(request.continuation, *value);
  });
  set_constraint(object, request.continuation);
  check_ids(request.continuation, defaults.n_vocab);
  if (std::ranges::find(request.continuation.stop_texts, "") != request.continuation.stop_texts.end())
    fail("stop is empty, want a text");
  request.n_choices = count(object, "n", 1);
  if (request.n_choices == 0) fail("n is 0, want 1 or more");
  request.stream = flag(object, "stream");
  request.return_token_ids = flag(object, "return_token_ids");
  if (const json::value* options = object.if_contains("stream_options")) {
    if (!options->is_object()) fail_field("stream_options", *options, "an object");
    request.include_usage = flag(options->get_object(), "include_usage");
  }
  request.state_in = text(object, "state_in");
  request.state_out = text(object, "state_out");
}

void set_top(std::string_view key, size_t n, ApiRequest& request) {
  if (n > kMostTop)
    fail(std::string(key) + " is " + std::to_string(n) + ", want at most " + std::to_string(kMostTop));
  request.n_top = n;
  request.continuation.n_log_probs = std::max<size_t>(n, 1);
}

void check_limits(const ApiRequest& request, const ApiLimits& limits) {
  const size_t n_sequences = request.prompts.size();
  if (request.n_choices > limits.sequences / n_sequences)
    fail("prompts times n is more than " + std::to_string(limits.sequences) + " sequences");
  if (request.continuation.max_tokens > limits.answer_tokens)
    fail("max_tokens is more than " + std::to_string(limits.answer_tokens));
  if (!request.state_out.empty() && n_sequences * request.n_choices > 1)
    fail("state_out saves one sequence's state");
  size_t n_told = 0;
  for (const ApiPrompt& prompt : request.prompts) {
    if (prompt.ids.size() > limits.prompt_tokens)
      fail("the prompt has " + std::to_string(prompt.ids.size()) + " tokens, want at most " +
           std::to_string(limits.prompt_tokens));
    n_told += request.n_choices * ((request.echo ? prompt.ids.size() : 0) + request.continuation.max_tokens);
  }
  if (request.n_top && n_told > limits.log_probs / (*request.n_top + 1))
    fail("the answer would tell more than " + std::to_string(limits.log_probs) + " log-probabilities");
}

bool holds_numbers(const json::value& value) {
  return value.is_array() && !value.get_array().empty() && value.get_array().front().is_number();
}

ApiPrompt one_prompt(const json::value& value, const ApiDefaults& defaults) {
  if (value.is_array()) return {ids_field("prompt", value, defaults.n_vocab)};
  return {ids_of_text(*defaults.tokenizer, text_field("prompt", value))};
}

std::vector<ApiPrompt> parse_prompts(const json::object& object, const ApiDefaults& defaults) {
  const json::value* value = object.if_contains("prompt");
  if (value == nullptr) fail("no prompt");
  if (!value->is_array() || holds_numbers(*value)) return {one_prompt(*value, defaults)};
  const json::array& several = value->get_array();
  if (several.empty()) fail("prompt is an empty array");
  if (several.size() > defaults.limits.sequences)
    fail("more than " + std::to_string(defaults.limits.sequences) + " prompts");
  std::vector<ApiPrompt> prompts;
  for (const json::value& one : several) prompts.push_back(one_prompt(one, defaults));
  return prompts;
}

// How many tokens lie wholly within the first bytes of their text.
std::vector<size_t> places(std::span<const TokenId> ids, std::span<const size_t> byte_ends,
                           const Tokenizer& tokenizer) {
  std::vector<size_t> result;
  size_t n_bytes = 0, n = 0;
  for (const size_t end : byte_ends) {
    while (n < ids.size() && n_bytes + tokenizer.bytes_of(ids[n]).size() <= end)
      n_bytes += tokenizer.bytes_of(ids[n++]).size();
    if (n > 0 && (result.empty() || result.back() < n)) result.push_back(n);
  }
  return result;
}

// How OpenAI and others ask for thoughts.
const ThinkForm* think_form(const json::object& object) {
  if (object.contains("think")) return &think_form_from_name(text(object, "think"));
  if (object.contains("reasoning_effort")) {
    const std::string effort = text(object, "reasoning_effort");
    constexpr std::pair<std::string_view, std::string_view> kEfforts[] = {
        {"none", "no"}, {"minimal", "no"}, {"low", "short"}, {"medium", "normal"}, {"high", "long"}};
    for (const auto& [theirs, ours] : kEfforts) {
      if (effort == theirs) return &think_form_from_name(ours);
    }
    fail("reasoning_effort is \"" + effort + "\", want none, minimal, low, medium or high");
  }
  const json::value* arguments = object.if_contains("chat_template_kwargs");
  if (arguments == nullptr) return nullptr;
  if (!arguments->is_object()) fail_field("chat_template_kwargs", *arguments, "an object");
  if (!arguments->get_object().contains("enable_thinking")) return nullptr;
  return &think_form_from_name(flag(arguments->get_object(), "enable_thinking") ? "normal" : "no");
}

ApiPrompt parse_messages(const json::object& object, const ApiDefaults& defaults, ApiRequest& request) {
  const json::value* messages = object.if_contains("messages");
  if (messages == nullptr) fail("no messages");
  const ChatTemplate& chat_template = object.contains("template")
                                          ? chat_template_from_name(text(object, "template"))
                                          : *defaults.chat_template;
  const auto chat = parse_chat(json::serialize(*messages));
  const ThinkForm* think = think_form(object);
  auto prompt = chat_prompt(chat_template, chat, think);
  if (request.continuation.constraint && !prompt.opening.empty()) {
    const ThinkForm& no = think_form_from_name("no");
    if (think != nullptr && think != &no) fail("a grammar has no room for thoughts: want \"think\": \"no\"");
    prompt = chat_prompt(chat_template, chat, &no);
  }
  request.opening = prompt.opening;
  ApiPrompt result{defaults.tokenizer->encode(prompt.text)};
  result.turn_ends = places(result.ids, prompt.turn_ends, *defaults.tokenizer);
  return result;
}

}  // namespace

std::vector<TokenId> ids_of_text(const Tokenizer& tokenizer, std::string_view text) {
  if (text == kEndOfTextName) return {kEndOfTextId};
  return tokenizer.encode(text);
}

ApiRequest parse_completion(std::string_view body, const ApiDefaults& defaults) {
  const json::object object = parse_body(body);
  refuse_unknown(object, kOfCompletions);
  refuse_unsupported(object);
  ApiRequest request;
  set_options(object, defaults, request);
  if (count(object, "best_of", request.n_choices) != request.n_choices) fail("best_of is not supported");
  request.echo = flag(object, "echo");
  if (const json::value* n = object.if_contains("logprobs"))
    set_top("logprobs", index_field("logprobs", *n), request);
  request.prompts = parse_prompts(object, defaults);
  // Who scores a text counts on one token behind it, whichever it is.
  if (request.echo && request.n_top && request.continuation.max_tokens == 1)
    request.continuation.stop_at_end_of_text = false;
  check_limits(request, defaults.limits);
  return request;
}

ApiRequest parse_chat_completion(std::string_view body, const ApiDefaults& defaults) {
  const json::object object = parse_body(body);
  refuse_unknown(object, kOfChats);
  refuse_unsupported(object);
  ApiRequest request;
  request.is_chat = true;
  set_options(object, defaults, request);
  if (!object.contains("max_tokens") && !object.contains("max_completion_tokens"))
    request.continuation.max_tokens = defaults.limits.answer_tokens;
  request.continuation.stop_texts.emplace_back(kNextTurn);
  const size_t n_top = count(object, "top_logprobs", 0);
  if (flag(object, "logprobs")) set_top("top_logprobs", n_top, request);
  request.prompts = {parse_messages(object, defaults, request)};
  check_limits(request, defaults.limits);
  return request;
}

}  // namespace rwkv
