#include "serve/api_answer.h"

#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

#include "common/json_text.h"
#include "generate/token_output.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

namespace json = boost::json;

std::string_view error_type(unsigned status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status >= 500 ? "server_error" : "invalid_request_error";
  }
}

size_t n_characters(std::string_view text) {
  size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return n;
}

// A token that is no text by itself is written as OpenAI does: bytes:\xe2\x80.
std::string token_text(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string text = "bytes:";
  for (const char c : bytes) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    text += escape;
  }
  return text;
}

// {"token", "logprob", "bytes"} of chats.
json::object chat_token(std::string_view bytes, double log_prob) {
  json::array values;
  for (const char c : bytes) values.push_back(static_cast<unsigned char>(c));
  return {{"token", replace_invalid_utf8(bytes)},
          {"logprob", finite_or_null(log_prob)},
          {"bytes", std::move(values)}};
}

std::string_view finish_reason(StopReason stop) { return stop == StopReason::kLength ? "length" : "stop"; }

}  // namespace

std::string api_error(unsigned status, const std::string& message) {
  return json_text(json::object{{"error",
                                 {{"message", replace_invalid_utf8(message)},
                                  {"type", error_type(status)},
                                  {"param", nullptr},
                                  {"code", status}}}}) +
         '\n';
}

ApiAnswer::ApiAnswer(ApiRequest request, const Tokenizer& tokenizer, std::string model_name, uint64_t number)
    : request_(std::move(request)),
      tokenizer_(tokenizer),
      model_name_(std::move(model_name)),
      id_((request_.is_chat ? "chatcmpl-" : "cmpl-") + std::to_string(number)),
      created_(std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()),
      choices_(request_.prompts.size() * request_.n_choices) {
  for (Choice& choice : choices_) choice.thoughts = ThoughtSplitter(request_.opening);
}

json::object ApiAnswer::head(std::string_view kind) const {
  const std::string_view object = !request_.is_chat ? "text_completion" : kind;
  return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_name_}};
}

std::string ApiAnswer::event(json::object object) const {
  return "data: " + json_text(std::move(object)) + "\n\n";
}

std::string ApiAnswer::begin() {
  std::string text;
  for (size_t i = 0; request_.is_chat && i < choices_.size(); ++i) {
    json::object object = head("chat.completion.chunk");
    object["choices"] =
        json::array{{{"index", i}, {"delta", {{"role", "assistant"}}}, {"finish_reason", nullptr}}};
    text += event(std::move(object));
  }
  return text;
}

ApiAnswer::Delta ApiAnswer::take(Choice& choice, std::string_view bytes, bool at_end) {
  std::string text = choice.joiner.add(bytes);
  if (at_end) text += choice.joiner.finish();
  choice.n_characters += n_characters(text);
  if (!request_.is_chat) return {std::move(text), ""};
  Delta delta;
  const auto add = [&](const std::vector<ThoughtSplitter::Part>& parts) {
    for (const auto& part : parts) (part.is_thought ? delta.thought : delta.text) += part.text;
  };
  add(choice.thoughts.add(text));
  if (at_end) add(choice.thoughts.finish());
  return delta;
}

// The tokens' texts may run ahead of the text: a stop text that begins within a token ends it earlier.
void ApiAnswer::add_tokens(Choice& choice, const std::vector<DrawnToken>& tokens) {
  size_t offset = choice.n_characters;
  for (const DrawnToken& token : tokens) {
    choice.ids.push_back(token.id);
    if (!request_.n_top) continue;
    choice.tokens.push_back(token);
    choice.offsets.push_back(offset);
    offset += n_characters(bytes_of_drawn(tokenizer_, token.id));
  }
}

void ApiAnswer::add_prompt(Choice& choice, const JobUpdate& update, Delta& delta) {
  const auto& ids = request_.prompts[update.index / request_.n_choices].ids;
  if (request_.n_top) {
    std::vector<DrawnToken> tokens;
    choice.first_is_unknown = update.prompt_tokens.size() < ids.size();
    if (choice.first_is_unknown)
      tokens.push_back({ids.front(), std::numeric_limits<double>::quiet_NaN(), {}});
    tokens.insert(tokens.end(), update.prompt_tokens.begin(), update.prompt_tokens.end());
    add_tokens(choice, tokens);
    choice.ids.clear();  // those of the prompt are the client's
  }
  std::string bytes;
  for (const TokenId id : ids) bytes += bytes_of_drawn(tokenizer_, id);
  delta = take(choice, bytes, false);
}

std::string ApiAnswer::add(const JobUpdate& update) {
  Choice& choice = choices_[update.index];
  if (!update.error.empty()) {
    error_ = update.error;
    return "";
  }
  Delta delta;
  if (request_.echo && update.begins) add_prompt(choice, update, delta);
  add_tokens(choice, update.tokens);
  const Delta more = take(choice, update.bytes, update.has_ended);
  delta.text += more.text;
  delta.thought += more.thought;
  n_drawn_ += update.tokens.size();
  if (update.has_ended) {
    ++n_ended_;
    choice.finish = finish_reason(update.stop);
    choice.is_complete = update.is_complete;
    if (update.index % request_.n_choices == 0) n_prompt_ += update.n_prompt, n_found_ += update.n_found;
  }
  if (request_.stream) return chunk(update.index, delta, update.has_ended);
  choice.text += delta.text;
  choice.thought += delta.thought;
  return "";
}

// One event, or none when there is nothing to tell yet.
std::string ApiAnswer::chunk(size_t index, const Delta& delta, bool at_end) {
  Choice& choice = choices_[index];
  if (delta.text.empty() && delta.thought.empty() && choice.tokens.empty() && !at_end) return "";
  json::object one{{"index", index}};
  if (request_.is_chat) {
    json::object fields;
    if (!delta.thought.empty()) fields["reasoning_content"] = delta.thought;
    if (!delta.text.empty()) fields["content"] = delta.text;
    one["delta"] = std::move(fields);
  } else {
    one["text"] = delta.text;
  }
  if (request_.n_top) one["logprobs"] = log_probs(choice);
  if (request_.return_token_ids) one["token_ids"] = json::value_from(std::exchange(choice.ids, {}));
  choice.tokens.clear();
  choice.offsets.clear();
  choice.first_is_unknown = false;
  one["finish_reason"] = at_end ? json::value(choice.finish) : json::value(nullptr);
  if (choice.is_complete) one["complete"] = *choice.is_complete;
  json::object object = head("chat.completion.chunk");
  object["choices"] = json::array{std::move(one)};
  return event(std::move(object));
}

json::value ApiAnswer::log_probs(const Choice& choice) const {
  if (!request_.n_top) return nullptr;
  const auto text = [&](TokenId id) { return bytes_of_drawn(tokenizer_, id); };
  json::array tokens, values, tops, offsets;
  for (size_t i = 0; i < choice.tokens.size(); ++i) {
    const DrawnToken& token = choice.tokens[i];
    const bool unknown = i == 0 && choice.first_is_unknown;
    const std::span likeliest =
        std::span(token.most_likely).first(std::min(*request_.n_top, token.most_likely.size()));
    if (request_.is_chat) {
      json::object one = chat_token(text(token.id), token.log_prob);
      json::array top;
      for (const TokenLogProb& other : likeliest)
        top.push_back(chat_token(text(other.token), other.log_prob));
      one["top_logprobs"] = std::move(top);
      tokens.push_back(std::move(one));
      continue;
    }
    tokens.emplace_back(token_text(text(token.id)));
    values.push_back(finite_or_null(token.log_prob));
    json::object top;
    for (const TokenLogProb& other : likeliest)
      top.emplace(token_text(text(other.token)), finite_or_null(other.log_prob));
    tops.push_back(unknown || *request_.n_top == 0 ? json::value(nullptr) : json::value(std::move(top)));
    offsets.push_back(choice.offsets[i]);
  }
  if (request_.is_chat) return {{"content", std::move(tokens)}};
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

json::object ApiAnswer::usage() const {
  return {{"prompt_tokens", n_prompt_},
          {"completion_tokens", n_drawn_},
          {"total_tokens", n_prompt_ + n_drawn_},
          {"prompt_tokens_details", {{"cached_tokens", n_found_}}}};
}

std::string ApiAnswer::end() {
  if (!error_.empty()) return "data: " + api_error(500, error_) + "\n";
  std::string text;
  if (request_.include_usage) {
    json::object object = head("chat.completion.chunk");
    object["choices"] = json::array{};
    object["usage"] = usage();
    text = event(std::move(object));
  }
  return text + "data: [DONE]\n\n";
}

json::object ApiAnswer::whole_choice(size_t index) const {
  const Choice& choice = choices_[index];
  json::object one{{"index", index}};
  if (request_.is_chat) {
    json::object message{{"role", "assistant"}, {"content", choice.text}};
    if (!choice.thought.empty()) message["reasoning_content"] = choice.thought;
    one["message"] = std::move(message);
  } else {
    one["text"] = choice.text;
  }
  one["logprobs"] = log_probs(choice);
  if (request_.return_token_ids) one["token_ids"] = json::value_from(choice.ids);
  one["finish_reason"] = choice.finish;
  if (choice.is_complete) one["complete"] = *choice.is_complete;
  return one;
}

std::string ApiAnswer::whole() const {
  json::object object = head("chat.completion");
  json::array choices;
  for (size_t i = 0; i < choices_.size(); ++i) choices.push_back(whole_choice(i));
  object["choices"] = std::move(choices);
  object["usage"] = usage();
  object["seed"] = request_.continuation.sampler.seed;
  return json_text(object) + '\n';
}

}  // namespace rwkv
