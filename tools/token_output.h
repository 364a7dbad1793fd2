// Tokens on their way out, as ids or as text.
#pragma once
#include <memory>
#include <ostream>
#include <span>
#include <string_view>
#include <vector>

#include "ids/id_stream.h"
#include "model/continuation.h"
#include "text/tokenizer.h"

namespace rwkv {

// A token's bytes; none for ids that a model has beyond the vocabulary.
std::string_view bytes_of_drawn(const Tokenizer& tokenizer, TokenId id);

// One record: an id stream's, or a text. Every write is flushed. Error kIo.
class TokenOutput {
 public:
  TokenOutput(std::ostream& out, IdFormat format) : out_(out), ids_(out, format) {}
  // Writes text: characters as soon as they are complete.
  TokenOutput(std::ostream& out, const Tokenizer& tokenizer)
      : out_(out), ids_(out, IdFormat::kText), tokenizer_(&tokenizer), joiner_(tokenizer.invalid_output()) {}

  void write(std::span<const TokenId> tokens);
  // What the continuation may show by now.
  void write(Continuation& continuation);
  // The record is complete.
  void finish();

 private:
  void flush();

  std::ostream& out_;
  IdWriter ids_;
  const Tokenizer* tokenizer_ = nullptr;
  Utf8Joiner joiner_{InvalidUtf8::kKeep};
};

}  // namespace rwkv
