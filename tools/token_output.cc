#include "token_output.h"

#include "core/error.h"

namespace rwkv {

std::string_view bytes_of_drawn(const Tokenizer& tokenizer, TokenId id) {
  return id < tokenizer.vocab_size() ? tokenizer.bytes_of(id) : std::string_view();
}

void TokenOutput::write(std::span<const TokenId> tokens) {
  if (tokenizer_ == nullptr) {
    ids_.write(tokens);
  } else {
    for (const TokenId id : tokens) out_ << joiner_.add(bytes_of_drawn(*tokenizer_, id));
  }
  flush();
}

void TokenOutput::write(Continuation& continuation) {
  const auto tokens = continuation.take_tokens();
  const std::string bytes = continuation.take_bytes();
  if (tokenizer_ == nullptr) {
    for (const auto& token : tokens) ids_.write({&token.id, 1});
  } else {
    out_ << joiner_.add(bytes);
  }
  flush();
}

void TokenOutput::finish() {
  if (tokenizer_ == nullptr) {
    ids_.end_record();
  } else {
    out_ << joiner_.finish();
  }
  flush();
}

// A full disk ends the tool at once: without a limit it would go on for ever.
void TokenOutput::flush() {
  out_.flush();
  if (!out_) throw Error(ErrorKind::kIo, "cannot write standard output");
}

}  // namespace rwkv
