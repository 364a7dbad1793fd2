#include "prompt_reader.h"

#include <unistd.h>

#include <fstream>
#include <iostream>

#include "core/error.h"
#include "core/read_some.h"
#include "tool.h"

namespace rwkv {
namespace {

constexpr size_t kPartBytes = 1 << 16;
constexpr const char* kStandardInput = "standard input";

bool reads_standard_input(const GenerateOptions& o) {
  return !o.prompt_file && !(o.prompt && ::isatty(STDIN_FILENO) == 1);
}

// Encodes a text that comes in parts.
class TextPrompt {
 public:
  TextPrompt(const Tokenizer& tokenizer, const TokenSink& sink) : encoder_(tokenizer), sink_(sink) {}

  void add(std::string_view part) {
    encoder_.add(part, ids_);
    pass_on();
  }
  void add(std::istream& in) {
    std::vector<char> part(kPartBytes);
    while (!stop_requested()) {
      const size_t n = read_some(in, part);
      if (n == 0) return;
      add({part.data(), n});
    }
  }
  void finish() {
    encoder_.finish(ids_);
    pass_on();
  }

 private:
  void pass_on() {
    if (!ids_.empty()) sink_(ids_);
    ids_.clear();
  }

  StreamEncoder encoder_;
  const TokenSink& sink_;
  std::vector<TokenId> ids_;
};

void add_file(TextPrompt& prompt, const std::string& path) {
  if (path == "-") return prompt.add(std::cin);
  std::ifstream file(path, std::ios::binary);
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    if (file.bad() || !file.eof()) throw Error(ErrorKind::kIo, path + ": cannot read");
  }
  with_context(path, [&] { prompt.add(file); });
}

void read_text(const GenerateOptions& o, const Tokenizer& tokenizer, const TokenSink& sink) {
  TextPrompt prompt(tokenizer, sink);
  if (o.prompt) prompt.add(*o.prompt);
  if (o.prompt_file) add_file(prompt, *o.prompt_file);
  if (o.text_in && reads_standard_input(o)) with_context(kStandardInput, [&] { prompt.add(std::cin); });
  prompt.finish();
}

void read_ids(const GenerateOptions& o, size_t n_vocab, const TokenSink& sink) {
  IdReader reader(std::cin, {.format = o.ids, .vocab_size = n_vocab});
  std::vector<TokenId> ids;
  reader.next_record();
  while (!stop_requested() && reader.read(ids)) sink(ids);
}

}  // namespace

void read_prompt(const GenerateOptions& o, const Tokenizer* tokenizer, size_t n_vocab,
                 const TokenSink& sink) {
  try {
    if (o.prompt || o.prompt_file || o.text_in) read_text(o, *tokenizer, sink);
    if (!o.text_in && reads_standard_input(o)) {
      with_context(kStandardInput, [&] { read_ids(o, n_vocab, sink); });
    }
  } catch (const Error&) {
    if (!stop_requested()) throw;  // the signal broke the read
  }
}

}  // namespace rwkv
