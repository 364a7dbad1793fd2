#include "prompt_reader.h"

#include <unistd.h>

#include <iostream>

#include "core/error.h"
#include "core/read_some.h"
#include "line_source.h"
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

// A folder opens, but cannot be read.
void open(const std::string& path, std::ifstream& file) {
  file.open(path, std::ios::binary);
  if (!file || file.peek() == std::ifstream::traits_type::eof()) {
    if (file.bad() || !file.eof()) throw Error(ErrorKind::kIo, path + ": cannot read");
    file.clear();
  }
}

void add_file(TextPrompt& prompt, const std::string& path) {
  if (path == "-") return prompt.add(std::cin);
  std::ifstream file;
  open(path, file);
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

PromptRecords::PromptRecords(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab)
    : options_(options), tokenizer_(tokenizer), n_vocab_(n_vocab) {
  if (!options.has_records()) return;
  if (options.prompt_file && options.prompt_file != "-") {
    open(*options.prompt_file, file_);
    in_ = &file_;
  } else if (options.prompt_file || reads_standard_input(options)) {
    in_ = &std::cin;
  }
  if (in_ == &std::cin && !options.prompt_file && !options.text_in) {
    ids_.emplace(std::cin, IdReaderOptions{options.ids, Records::kMany, n_vocab});
  }
}

std::optional<std::vector<TokenId>> PromptRecords::next(bool wait) {
  if (in_ == nullptr) return whole_input();
  if (!wait && !has_begun_to_come()) return std::nullopt;
  try {
    return with_context(in_ == &file_ ? *options_.prompt_file : kStandardInput,
                        [&] { return next_record(); });
  } catch (const Error&) {
    if (!stop_requested()) throw;  // the signal broke the read
    return std::nullopt;
  }
}

bool PromptRecords::has_begun_to_come() const {
  if (in_ == &file_ || (ids_ && ids_->has_bytes())) return true;
  return std::cin.rdbuf()->in_avail() > 0 || readable_now(STDIN_FILENO);
}

std::optional<std::vector<TokenId>> PromptRecords::next_record() {
  std::vector<TokenId> ids;
  std::string text = options_.prompt.value_or("");
  if (ids_) {
    if (!ids_->next_record()) return std::nullopt;
    if (!text.empty()) ids = tokenizer_->encode(text);
    const auto record = ids_->read_all();
    ids.insert(ids.end(), record.begin(), record.end());
  } else {
    std::string record;
    const bool found(std::getline(*in_, record, options_.null ? '\0' : '\n'));
    if (in_->bad()) throw Error(ErrorKind::kIo, "cannot read");
    if (!found) return std::nullopt;
    with_context("record " + std::to_string(n_read_), [&] { ids = tokenizer_->encode(text + record); });
  }
  ++n_read_;
  if (stop_requested()) return std::nullopt;
  return ids;
}

std::optional<std::vector<TokenId>> PromptRecords::whole_input() {
  if (n_read_++ > 0) return std::nullopt;
  std::vector<TokenId> all;
  read_prompt(options_, tokenizer_, n_vocab_,
              [&](std::span<const TokenId> ids) { all.insert(all.end(), ids.begin(), ids.end()); });
  return all;
}

}  // namespace rwkv
