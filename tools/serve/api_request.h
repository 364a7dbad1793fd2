// A client's request, in OpenAI's terms.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/continuation.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace rwkv {

struct ApiLimits {
  size_t prompt_tokens = 131072;
  uint64_t answer_tokens = 16384;
  size_t sequences = 256;              // prompts times choices, of one request
  size_t log_probs = size_t{1} << 20;  // in one answer
};

// Defaults for keys that a request does not have. The objects pointed to must outlive it.
struct ApiDefaults {
  ContinuationOptions continuation;  // with `bytes_of`
  bool has_seed = false;             // else every request draws with a seed of its own
  const Tokenizer* tokenizer = nullptr;
  size_t n_vocab = 0;  // of the model
  const ChatTemplate* chat_template = nullptr;
  ApiLimits limits{};
};

struct ApiPrompt {
  std::vector<TokenId> ids;
  std::vector<size_t> turn_ends{};  // places in `ids` after each message of a chat
};

struct ApiRequest {
  bool is_chat = false;
  std::vector<ApiPrompt> prompts;
  ContinuationOptions continuation;
  size_t n_choices = 1;  // of each prompt; the k-th, from 0, has the seed + k
  bool stream = false, include_usage = false;
  bool echo = false;                // the answer contains the prompt
  bool return_token_ids = false;    // the answer contains ids
  std::optional<size_t> n_top;      // give log-probabilities, and so many of the likeliest tokens
  std::string state_in, state_out;  // names of saved states; empty: none
  std::string opening;              // of a chat: the beginning of the answer that is in the prompt
};

// The body of /v1/completions or /v1/chat/completions. Error kUsage: what is wrong with it.
ApiRequest parse_completion(std::string_view body, const ApiDefaults& defaults);
ApiRequest parse_chat_completion(std::string_view body, const ApiDefaults& defaults);

// The name of World's id 0, which has no text.
inline constexpr std::string_view kEndOfTextName = "<|endoftext|>";
// The ids of a text; id 0 for kEndOfTextName alone.
std::vector<TokenId> ids_of_text(const Tokenizer& tokenizer, std::string_view text);

}  // namespace rwkv
