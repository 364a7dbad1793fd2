// Writes tokens as ids, as text or with their probabilities.
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

// A token's bytes; none for ids beyond the vocabulary.
std::string_view bytes_of_drawn(const Tokenizer& tokenizer, TokenId id);

// Writes one record in the form that the options choose. Ids: as in an id stream. Text: its bytes; on a
// terminal whole characters (U+FFFD for other bytes) and a final line break. With log-probabilities: for each
// token a line with token_object(), which begins with the record's number, if it has one. Every write is
// flushed. Error kIo.
class TokenOutput {
 public:
  // `tokenizer` may be null without a vocabulary. The arguments must outlive this. A record with a number is
  // one of many: its text ends as the options' records do.
  TokenOutput(std::ostream& out, const GenerateOptions& options, const Tokenizer* tokenizer,
              std::optional<uint64_t> record = {});

  // Writes tokens of a prompt.
  void write(std::span<const TokenId> tokens);
  // Writes tokens of a continuation; `bytes` are their text.
  void write(std::span<const DrawnToken> tokens, std::string_view bytes);
  // Writes what the continuation may show now.
  void write(Continuation& continuation);
  // Call at the end of the record.
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
  bool ends_line_ = true;             // the output so far ends a line, or is empty
};

}  // namespace rwkv
