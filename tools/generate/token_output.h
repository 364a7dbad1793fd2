// Tokens on their way out, as ids, as text or with their probabilities.
#pragma once
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "generate/options.h"
#include "ids/id_stream.h"
#include "session/continuation.h"
#include "text/tokenizer.h"

namespace rwkv {

// A token's bytes; none for ids that a model has beyond the vocabulary.
std::string_view bytes_of_drawn(const Tokenizer& tokenizer, TokenId id);

// One record, in the form that the options ask for. Ids: those of an id stream. Text: its bytes as they are,
// but on a terminal whole characters, U+FFFD for what is none,
// and a line break at the end. With log-probabilities: a line for each token,
// token_object() with the record's number, if it has one, in front. Every write is flushed. Error kIo.
class TokenOutput {
 public:
  // `tokenizer` may be null when there is no vocabulary. All outlive this. A record with a number is one of
  // many: text ends as the options' records do.
  TokenOutput(std::ostream& out, const GenerateOptions& options, const Tokenizer* tokenizer,
              std::optional<uint64_t> record = {});

  // Of a prompt.
  void write(std::span<const TokenId> tokens);
  // Of a continuation; `bytes` are the tokens' text.
  void write(std::span<const DrawnToken> tokens, std::string_view bytes);
  // What the continuation may show by now.
  void write(Continuation& continuation);
  // The record is complete.
  void finish();

 private:
  void write_text(std::string_view bytes);
  void write_log_probs(std::span<const DrawnToken> tokens);
  void flush();

  std::ostream& out_;
  const GenerateOptions& options_;
  const Tokenizer* tokenizer_;
  std::optional<uint64_t> record_;
  IdWriter ids_;
  std::optional<Utf8Joiner> joiner_;  // on a terminal
  bool ends_line_ = true;             // what was written, or nothing was
};

}  // namespace rwkv
