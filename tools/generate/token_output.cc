#include "generate/token_output.h"

#include <unistd.h>

#include <boost/json.hpp>

#include "common/json_text.h"
#include "common/token_json.h"
#include "core/error.h"

namespace rwkv {

std::string_view bytes_of_drawn(const Tokenizer& tokenizer, TokenId id) {
  return id < tokenizer.vocab_size() ? tokenizer.bytes_of(id) : std::string_view();
}

TokenOutput::TokenOutput(std::ostream& out, const GenerateOptions& options, const Tokenizer* tokenizer,
                         std::optional<uint64_t> record)
    : out_(out),
      options_(options),
      tokenizer_(tokenizer),
      record_(record),
      ids_(out, options.ids, record ? Records::kMany : Records::kOne) {
  if (::isatty(STDOUT_FILENO) == 1) joiner_.emplace(InvalidUtf8::kReplace);
}

void TokenOutput::write(std::span<const TokenId> tokens) {
  if (options_.text_out) {
    for (const TokenId id : tokens) write_text(bytes_of_drawn(*tokenizer_, id));
  } else {
    ids_.write(tokens);
  }
  flush();
}

void TokenOutput::write(std::span<const DrawnToken> tokens, std::string_view bytes) {
  if (options_.continuation.n_log_probs > 0) {
    write_log_probs(tokens);
  } else if (options_.text_out) {
    write_text(bytes);
  } else {
    for (const auto& token : tokens) ids_.write({&token.id, 1});
  }
  flush();
}

void TokenOutput::write(Continuation& continuation) {
  const auto tokens = continuation.take_tokens();
  write(tokens, continuation.take_bytes());
}

void TokenOutput::finish() {
  if (options_.continuation.n_log_probs > 0) return;
  if (!options_.text_out) {
    ids_.end_record();
  } else {
    if (joiner_) out_ << joiner_->finish();
    if (record_) out_ << (options_.null ? '\0' : '\n');
    if (!record_ && joiner_ && !ends_line_) out_ << '\n';
  }
  flush();
}

void TokenOutput::write_text(std::string_view bytes) {
  if (!bytes.empty()) ends_line_ = bytes.ends_with('\n');
  if (joiner_) {
    out_ << joiner_->add(bytes);
  } else {
    out_ << bytes;
  }
}

void TokenOutput::write_log_probs(std::span<const DrawnToken> tokens) {
  for (const auto& token : tokens) {
    boost::json::object object;
    if (record_) object["record"] = *record_;
    for (const auto& member : token_object(token, tokenizer_)) object.insert(member);
    out_ << json_text(object) << '\n';
  }
}

// Ends the tool at once on a full disk; without a limit on ids it would never end.
void TokenOutput::flush() {
  out_.flush();
  if (!out_) throw Error(ErrorKind::kIo, "cannot write standard output");
}

}  // namespace rwkv
