#include "generate/prompt_reader.h"

#include "common/line_source.h"
#include "common/tool.h"
#include "core/error.h"
#include "core/read_some.h"

namespace rwkv {
namespace {

constexpr size_t kPartBytes = 1 << 16;

// The input after -p; nothing: -p is the whole prompt, and standard input is not read.
std::optional<std::string> input_path(const GenerateOptions& o) {
  if (o.prompt && !o.prompt_file && !o.has_records()) return std::nullopt;
  return o.prompt_file.value_or("-");
}

std::string_view input_words(const GenerateOptions& o) {
  return o.text_in || o.prompt_file ? "text" : "token ids (for a text: -p, -f or --text)";
}

bool input_is_text(const GenerateOptions& o) { return o.prompt_file || o.text_in; }

// Encodes a text that arrives in parts.
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

void read_text(const GenerateOptions& o, InputFile* input, const Tokenizer& tokenizer,
               const TokenSink& sink) {
  TextPrompt prompt(tokenizer, sink);
  if (o.prompt) prompt.add(*o.prompt);
  if (input == nullptr) return prompt.finish();
  input->read([&] {
    prompt.add(input->stream());
    prompt.finish();
  });
}

void read_ids(const GenerateOptions& o, InputFile& input, size_t n_vocab, const TokenSink& sink) {
  IdReader reader(input.stream(), {.format = o.ids, .vocab_size = n_vocab, .hint = kIdsHint});
  std::vector<TokenId> ids;
  reader.next_record();
  while (!stop_requested() && reader.read(ids)) sink(ids);
}

}  // namespace

void read_prompt(const GenerateOptions& o, const Tokenizer* tokenizer, size_t n_vocab,
                 const TokenSink& sink) {
  std::optional<InputFile> input;
  if (const auto path = input_path(o)) input.emplace(*path, kPartBytes, input_words(o));
  if (input_is_text(o)) return read_text(o, input ? &*input : nullptr, *tokenizer, sink);
  if (o.prompt) read_text(o, nullptr, *tokenizer, sink);
  if (input) input->read([&] { read_ids(o, *input, n_vocab, sink); });
}

PromptRecords::PromptRecords(const GenerateOptions& options, const Tokenizer* tokenizer, size_t n_vocab)
    : options_(options), tokenizer_(tokenizer), n_vocab_(n_vocab) {
  const auto path = input_path(options);
  if (!options.has_records() || !path) return;
  input_.emplace(*path, kPartBytes, input_words(options));
  if (!input_is_text(options))
    ids_.emplace(input_->stream(), IdReaderOptions{options.ids, Records::kMany, n_vocab, kIdsHint});
}

std::optional<std::vector<TokenId>> PromptRecords::next(bool wait) {
  if (!input_) return whole_input();
  if (!wait && !has_begun_to_come()) return std::nullopt;
  return input_->read([&] { return next_record(); });
}

bool PromptRecords::has_begun_to_come() {
  return (ids_ && ids_->has_bytes()) || input_->stream().rdbuf()->in_avail() > 0 ||
         readable_now(input_->descriptor());
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
    const bool found(std::getline(input_->stream(), record, options_.null ? '\0' : '\n'));
    if (input_->stream().bad()) throw Error(ErrorKind::kIo, "cannot read");
    if (!found) return std::nullopt;
    if (options_.lines && record.ends_with('\r')) record.pop_back();
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
