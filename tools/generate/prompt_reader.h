// Reads a prompt from where the options say, in memory for a part of it.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "common/input_file.h"
#include "generate/options.h"
#include "ids/id_stream.h"
#include "text/tokenizer.h"

namespace rwkv {

using TokenSink = std::function<void(std::span<const TokenId>)>;

// Passes on the tokens of -p and of -f, in this order, as they come; of standard input where neither is
// given. `tokenizer` may be null when all is ids. Ends early, without an error, when a signal asks to stop.
void read_prompt(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab,
                 const TokenSink& sink);

// Reads many prompts: with --lines or --null -f or standard input has a prompt in every record, and each
// begins with -p; else there is one, of all that read_prompt() passes on.
class PromptRecords {
 public:
  // All outlive this. Error kIo: as InputFile.
  PromptRecords(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab);

  // The next prompt; nothing at the end, when a signal asks to stop, or, unless `wait`, when none has begun
  // to come.
  std::optional<std::vector<TokenId>> next(bool wait);

 private:
  bool has_begun_to_come();
  std::optional<std::vector<TokenId>> next_record();
  std::optional<std::vector<TokenId>> whole_input();

  const GenerateOptions& options_;
  const Tokenizer* tokenizer_;
  size_t n_vocab_;
  std::optional<InputFile> input_;  // none: -p is all there is, or one prompt is all of the input
  std::optional<IdReader> ids_;
  uint64_t n_read_ = 0;
};

}  // namespace rwkv
