// Any body of a request to rwkv-serve is taken or refused; what is taken keeps its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "serve/api_request.h"
#include "serve/guard.h"

namespace {

using namespace rwkv;

// A World vocabulary of all single bytes.
const Tokenizer& tokenizer() {
  static const auto kTokenizer = [] {
    std::string file;
    for (int byte = 0; byte < 256; ++byte) {
      char line[32];
      std::snprintf(line, sizeof line, "%d b'\\x%02x' 1\n", byte + 1, static_cast<unsigned>(byte));
      file += line;
    }
    return Tokenizer::parse(file);
  }();
  return *kTokenizer;
}

void check(bool holds) {
  if (!holds) std::abort();
}

void check_request(const ApiRequest& request, const ApiLimits& limits) {
  check(!request.prompts.empty() && request.n_choices > 0);
  check(request.prompts.size() * request.n_choices <= limits.sequences);
  check(request.continuation.max_tokens <= limits.answer_tokens);
  for (const ApiPrompt& prompt : request.prompts) {
    check(prompt.ids.size() <= limits.prompt_tokens);
    for (const TokenId id : prompt.ids) check(id < 257);
    for (const size_t end : prompt.turn_ends) check(end > 0 && end <= prompt.ids.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ApiDefaults defaults;
  defaults.tokenizer = &tokenizer();
  defaults.n_vocab = 257;
  defaults.chat_template = &chat_template_from_name("world");
  defaults.continuation.max_tokens = 16;
  defaults.limits = {.prompt_tokens = 1000, .answer_tokens = 100, .sequences = 16, .log_probs = 10000};
  for (const auto parse : {parse_completion, parse_chat_completion}) {
    try {
      check_request(parse(text, defaults), defaults.limits);
    } catch (const Error&) {
    }
  }
  const GuardOptions guard{.hosts = {"a.example"}, .origins = {"https://a.example"}};
  static_cast<void>(is_known_host(text, guard));
  static_cast<void>(is_known_origin(text, text, guard));
  return 0;
}
