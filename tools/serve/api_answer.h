// Answers in OpenAI's form: whole, or in pieces as they come.
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

// The answer to one request. Its sequences' updates come one after the other; the sequence of a prompt's k-th
// choice has the index prompt * n + k.
class ApiAnswer {
 public:
  ApiAnswer(ApiRequest request, const Tokenizer& tokenizer, std::string model_name, uint64_t number);

  const ApiRequest& request() const { return request_; }
  // The stream's beginning.
  std::string begin();
  // Takes an update; returns what the stream says of it.
  std::string add(const JobUpdate& update);
  // All sequences have ended, or one has failed.
  bool is_complete() const { return n_ended_ == choices_.size() || !error_.empty(); }
  const std::string& error() const { return error_; }
  // The stream's end, which may be an error; and the whole answer.
  std::string end();
  std::string whole() const;

 private:
  struct Choice {
    Utf8Joiner joiner{InvalidUtf8::kReplace};
    ThoughtSplitter thoughts{""};
    std::string text, thought;       // all of it, when it is not sent in pieces
    size_t n_characters = 0;         // of text so far
    std::vector<TokenId> ids;        // all shown
    std::vector<DrawnToken> tokens;  // to be told of
    std::vector<size_t> offsets;     // of these in the text, in characters
    bool first_is_unknown = false;   // nothing foretold the first of them
    std::string finish;              // why it has ended
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
