// Finds the border between a context and a choice in their tokens.
#pragma once
#include <string_view>
#include <vector>

#include "core/token.h"
#include "text/tokenizer.h"

namespace rwkv {

// Tokens of a context, then those of a choice.
struct JoinedTokens {
  std::vector<TokenId> tokens;
  size_t n_context = 0;
};

// Tokenizes both together, as evaluation harnesses do: white space (Unicode's) at the end of the context
// belongs to the choice, and the context has as many tokens as it has alone. A token across the border counts
// by this number. The choice may have no token.
JoinedTokens join_texts(const Tokenizer& tokenizer, std::string_view context, std::string_view choice);

}  // namespace rwkv
