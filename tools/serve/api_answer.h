// Answers in OpenAI's form: whole, or in pieces as they are drawn.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/api_request.h"
#include "serve/engine.h"
#include "text/thoughts.h"
#include "text/utf8_joiner.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// {"error": {"message", "type", "param", "code"}}, its type by the HTTP status.
std::string api_error(unsigned status, const std::string& message);

// The answer to one request. Its sequences' updates arrive one after the other; the k-th choice of a prompt
// is the sequence of index prompt * n + k.
class ApiAnswer {
 public:
  ApiAnswer(ApiRequest request, const Tokenizer& tokenizer, std::string model_name, uint64_t number);

  const ApiRequest& request() const { return request_; }
  // The beginning of the stream.
  std::string begin();
  // Takes an update; returns the stream's text about it.
  std::string add(const JobUpdate& update);
  // All sequences have ended, or one has failed.
  bool is_complete() const { return n_ended_ == choices_.size() || !error_.empty(); }
  const std::string& error() const { return error_; }
  // The end of the stream, which may be an error; and the whole answer.
  std::string end();
  std::string whole() const;

 private:
  struct Choice {
    Utf8Joiner joiner{InvalidUtf8::kReplace};
    ThoughtSplitter thoughts{""};
    std::string text, thought;        // the whole text, when it is not sent in pieces
    size_t n_characters = 0;          // of text so far
    std::vector<TokenId> ids;         // all shown
    std::vector<DrawnToken> tokens;   // to be described in the answer
    std::vector<size_t> offsets;      // of these in the text, in characters
    bool first_is_unknown = false;    // no token predicted the first of them
    std::string finish;               // why the choice has ended
    std::optional<bool> is_complete;  // under a constraint: whether the text is whole
  };
  struct Delta {
    std::string text, thought;
  };

  Delta take(Choice& choice, std::string_view bytes, bool at_end);
  void add_tokens(Choice& choice, const std::vector<DrawnToken>& tokens);
  void add_prompt(Choice& choice, const JobUpdate& update, Delta& delta);
  std::string chunk(size_t index, const Delta& delta, bool at_end);
  std::string event(boost::json::object object) const;
  boost::json::object head(std::string_view kind) const;
  boost::json::value log_probs(const Choice& choice) const;
  boost::json::object whole_choice(size_t index) const;
  boost::json::object usage() const;

  ApiRequest request_;
  const Tokenizer& tokenizer_;
  std::string model_name_, id_;
  int64_t created_;
  std::vector<Choice> choices_;
  size_t n_ended_ = 0, n_prompt_ = 0, n_found_ = 0, n_drawn_ = 0;
  std::string error_;
};

}  // namespace rwkv
