// A drawn token as JSON, with its probability.
#pragma once
#include "session/continuation.h"
#include "text/tokenizer.h"

namespace boost::json {
class object;
}

namespace rwkv {

// {"id": .., "text": with a tokenizer, "logprob": .., "top": [{"id", "text", "logprob"}, ..]}; natural
// logarithms of the model's own probabilities; null for minus infinity.
boost::json::object token_object(const DrawnToken& token, const Tokenizer* tokenizer);

}  // namespace rwkv
