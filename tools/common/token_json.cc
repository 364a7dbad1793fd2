#include "common/token_json.h"

#include <boost/json.hpp>

#include "common/json_text.h"
#include "generate/token_output.h"

namespace rwkv {
namespace {

namespace json = boost::json;

json::object known_token(const TokenLogProb& token, const Tokenizer* tokenizer) {
  json::object object{{"id", token.token}};
  if (tokenizer != nullptr) add_bytes(object, "text", bytes_of_drawn(*tokenizer, token.token));
  object["logprob"] = finite_or_null(token.log_prob);
  return object;
}

}  // namespace

json::object token_object(const DrawnToken& token, const Tokenizer* tokenizer) {
  json::object object = known_token({token.id, token.log_prob}, tokenizer);
  json::array top;
  for (const auto& other : token.most_likely) top.push_back(known_token(other, tokenizer));
  object["top"] = std::move(top);
  return object;
}

}  // namespace rwkv
