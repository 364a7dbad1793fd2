// Reads a prompt as the options say; memory holds a part of it.
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

// Passes on the tokens of -p and -f, in this order, as they arrive; without both, those of standard input.
// `tokenizer` may be null when all input is ids. Ends early, without an error, when a signal asks to stop.
void read_prompt(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab,
                 const TokenSink& sink);

// Reads many prompts. With --lines or --null every record of -f or standard input is a prompt, and each
// begins with -p; otherwise there is one prompt, from read_prompt().
class PromptRecords {
 public:
  // The arguments must outlive this. Error kIo: as InputFile.
  PromptRecords(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab);

  // The next prompt; nothing at the end, when a signal asks to stop, or, unless `wait`, when no byte of one
  // has arrived.
  std::optional<std::vector<TokenId>> next(bool wait);

 private:
  bool has_begun_to_come();
  std::optional<std::vector<TokenId>> next_record();
  std::optional<std::vector<TokenId>> whole_input();

  const GenerateOptions& options_;
  const Tokenizer* tokenizer_;
  size_t n_vocab_;
  std::optional<InputFile> input_;  // none: the prompt is -p alone, or one prompt is the whole input
  std::optional<IdReader> ids_;
  uint64_t n_read_ = 0;
};

}  // namespace rwkv
