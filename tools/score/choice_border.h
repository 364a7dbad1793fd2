// Where, among the tokens of a context and a choice, the choice begins.
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

// Tokenizes both together, as evaluation harnesses do: white space (Unicode's) that ends the context goes to
// the choice, and as many tokens are the context's as it has when it stands alone. A token that reaches over
// the border counts by its place. The choice may be left without a token.
JoinedTokens join_texts(const Tokenizer& tokenizer, std::string_view context, std::string_view choice);

}  // namespace rwkv
