// rwkv-tokenize: text to token ids and back.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "checkpoint/vocabulary.h"
#include "common/command_line.h"
#include "common/input_file.h"
#include "common/tool.h"
#include "common/vocabulary_path.h"
#include "core/read_some.h"
#include "formats/tensor_file.h"
#include "ids/id_stream.h"
#include "text/chat_template.h"
#include "text/escape.h"
#include "text/tokenizer.h"
#include "tokenize/options.h"

namespace rwkv {
namespace {

constexpr size_t kMinBlockBytes = 1 << 20;     // of input
constexpr size_t kThreadBlockBytes = 1 << 17;  // for each thread

// Receives the ids.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void add(std::span<const TokenId> ids) = 0;
  virtual void end_record() = 0;
  virtual void end_file(const std::string&) {}
  virtual void end() {}
};

class IdSink final : public Sink {
 public:
  explicit IdSink(const TokenizeOptions& options) : writer_(std::cout, options.ids, options.records()) {}
  void add(std::span<const TokenId> ids) override { writer_.write(ids); }
  void end_record() override { writer_.end_record(); }

 private:
  IdWriter writer_;
};

// The treatment of characters in decoded text; nothing: bytes are written at once, whole characters or not.
std::optional<InvalidUtf8> utf8_mode(const TokenizeOptions& options, const Tokenizer& tokenizer) {
  if (options.utf8 == Utf8Mode::kHold) return InvalidUtf8::kKeep;
  if (options.utf8 == Utf8Mode::kReplace) return InvalidUtf8::kReplace;
  if (options.utf8 == Utf8Mode::kStrict) return InvalidUtf8::kRefuse;
  if (tokenizer.invalid_output() == InvalidUtf8::kKeep) return std::nullopt;
  return tokenizer.invalid_output();
}

// Text is written as soon as it is certain: a reader may be waiting.
class TextSink final : public Sink {
 public:
  TextSink(const TokenizeOptions& options, const Tokenizer& tokenizer)
      : options_(options), tokenizer_(tokenizer) {
    if (const auto mode = utf8_mode(options, tokenizer)) joiner_.emplace(*mode);
  }
  void add(std::span<const TokenId> ids) override {
    bytes_.clear();
    for (const TokenId id : ids) bytes_ += tokenizer_.bytes_of(id);
    std::cout << (joiner_ ? joiner_->add(bytes_) : bytes_) << std::flush;
  }
  void end_record() override {
    if (joiner_) std::cout << joiner_->finish();
    if (options_.has_records()) std::cout << options_.separator() << std::flush;
  }

 private:
  const TokenizeOptions& options_;
  const Tokenizer& tokenizer_;
  std::optional<Utf8Joiner> joiner_;
  std::string bytes_;
};

class PieceSink final : public Sink {
 public:
  PieceSink(const TokenizeOptions& options, const Tokenizer& tokenizer)
      : options_(options), tokenizer_(tokenizer) {}
  void add(std::span<const TokenId> ids) override {
    for (const TokenId id : ids) std::cout << id << '\t' << escape_bytes(tokenizer_.bytes_of(id)) << '\n';
  }
  void end_record() override {
    if (options_.has_records()) std::cout << '\n';
  }

 private:
  const TokenizeOptions& options_;
  const Tokenizer& tokenizer_;
};

// As wc: a line for every operand, and a total for several.
class CountSink final : public Sink {
 public:
  explicit CountSink(bool names_files) : names_files_(names_files) {}
  void add(std::span<const TokenId> ids) override { count_ += ids.size(); }
  void end_record() override {}
  void end_file(const std::string& name) override {
    std::cout << count_ << (names_files_ ? " " + name : "") << '\n';
    total_ += std::exchange(count_, 0);
    ++n_files_;
  }
  void end() override {
    if (n_files_ > 1) std::cout << total_ << " total\n";
  }

 private:
  bool names_files_;
  uint64_t count_ = 0, total_ = 0;
  size_t n_files_ = 0;
};

std::unique_ptr<Sink> make_sink(const TokenizeOptions& options, const Tokenizer& tokenizer) {
  if (options.count) return std::make_unique<CountSink>(options.names_files);
  if (options.pieces) return std::make_unique<PieceSink>(options, tokenizer);
  if (options.decode) return std::make_unique<TextSink>(options, tokenizer);
  return std::make_unique<IdSink>(options);
}

// False when nobody reads the output: run_tool() reports that.
bool goes_on() {
  throw_if_stopped();
  return std::cout.good();
}

// Encodes the texts of files into a sink.
class TextReader {
 public:
  TextReader(const TokenizeOptions& options, const Tokenizer& tokenizer, Sink& sink)
      : options_(options), encoder_(tokenizer, options.threads), sink_(sink) {
    encoder_.refuse_invalid_utf8();
  }

  void read(std::istream& in, size_t block_bytes) {
    const auto block = std::make_unique_for_overwrite<char[]>(block_bytes);
    encoder_.begin_stream();
    while (const size_t n = read_some(in, {block.get(), block_bytes})) {
      if (!goes_on()) return;
      add({block.get(), n});
    }
    if (!options_.has_records() || in_text_) end_text();
  }

 private:
  void add(std::string_view bytes) {
    if (options_.has_records()) {
      if (in_text_) add_end_of_text(bytes);
      if (!in_text_) add_texts(bytes);
    }
    if (!bytes.empty()) add_to_text(bytes);
  }

  // Takes the rest of the current text from `bytes`, if it has arrived.
  void add_end_of_text(std::string_view& bytes) {
    const size_t end = bytes.find(options_.separator());
    if (end == std::string_view::npos) return;
    add_to_text(bytes.substr(0, end));
    end_text();
    encoder_.skip(1);
    bytes.remove_prefix(end + 1);
  }

  // Takes the texts that lie whole in `bytes`.
  void add_texts(std::string_view& bytes) {
    const size_t n = bytes.rfind(options_.separator()) + 1;
    encoder_.add_texts(bytes.substr(0, n), options_.separator(), options_.chomp, [&](auto ids) {
      sink_.add(ids);
      sink_.end_record();
    });
    bytes.remove_prefix(n);
  }

  // With --chomp a final newline waits for the next byte.
  void add_to_text(std::string_view bytes) {
    in_text_ = true;
    if (bytes.empty()) return;
    if (std::exchange(newline_waits_, false)) encoder_.add("\n", ids_);
    if (options_.chomp && bytes.back() == '\n') {
      newline_waits_ = true;
      bytes.remove_suffix(1);
    }
    encoder_.add(bytes, ids_);
    flush();
  }

  void end_text() {
    encoder_.finish(ids_);
    if (newline_waits_) encoder_.skip(1);
    flush();
    sink_.end_record();
    in_text_ = newline_waits_ = false;
  }

  void flush() {
    sink_.add(ids_);
    ids_.clear();
  }

  const TokenizeOptions& options_;
  StreamEncoder encoder_;
  Sink& sink_;
  std::vector<TokenId> ids_;
  bool in_text_ = false, newline_waits_ = false;
};

void read_ids(std::istream& in, const TokenizeOptions& options, const Tokenizer& tokenizer, Sink& sink) {
  IdReader reader(in, {options.ids, options.records(), tokenizer.padded_size()});
  std::vector<TokenId> ids;
  while (goes_on() && reader.next_record()) {
    while (goes_on() && reader.read(ids)) sink.add(ids);
    sink.end_record();
  }
}

void check_model(const std::string& path, const Tokenizer& tokenizer) {
  const TensorFile file = TensorFile::open(path, FileAccess::kMap, stop_requested);
  const TensorView& embedding = file.at("emb.weight");
  if (embedding.shape.empty()) file.fail("tensor emb.weight: want two dimensions");
  with_context(path, [&] { tokenizer.check_fits(embedding.shape[0]); });
  if (const auto warning = vocabulary_warning(file, tokenizer))
    std::cerr << "rwkv-tokenize: warning: " << *warning << '\n';
}

class Tool {
 public:
  explicit Tool(const TokenizeOptions& options) : options_(options) {
    if (const auto vocab = vocabulary()) tokenizer_ = load_vocabulary(*vocab, stop_requested);
    if (!options.model.empty()) check_model(options.model, *tokenizer_);
    if (tokenizer_) sink_ = make_sink(options, *tokenizer_);
    if (options.chat_template.empty() && !options.decode) {
      reader_.emplace(options, *tokenizer_, *sink_);
      block_bytes_ = std::max(block_bytes_, kThreadBlockBytes * options.threads);
    }
  }

  void run() {
    for (const std::string& name : options_.files) {
      InputFile input(name, block_bytes_, input_words());
      input.read([&] { read(input.stream()); });
      throw_if_stopped();
      if (sink_) sink_->end_file(name);
    }
    if (sink_) sink_->end();
  }

 private:
  // None for chats that stay text: only -v turns them into ids, not the environment.
  std::optional<std::string> vocabulary() const {
    if (!options_.chat_template.empty() && options_.vocab.empty()) {
      if (!options_.model.empty() || options_.pieces || options_.count)
        usage_error("no vocabulary: want -v VOCAB");
      return std::nullopt;
    }
    auto vocab = vocabulary_path(options_.vocab);
    if (!vocab) usage_error("no vocabulary: want -v VOCAB or RWKV_VOCAB");
    return vocab;
  }

  std::string_view input_words() const {
    return !options_.chat_template.empty() ? "a chat in JSON" : options_.decode ? "token ids" : "text";
  }

  void read(std::istream& in) {
    if (!options_.chat_template.empty()) {
      read_chat(in);
    } else if (options_.decode) {
      read_ids(in, options_, *tokenizer_, *sink_);
    } else {
      reader_->read(in, block_bytes_);
    }
  }

  void read_chat(std::istream& in) {
    const std::string json = read_all(in);
    throw_if_stopped();
    const std::string prompt = chat_prompt(chat_template_from_name(options_.chat_template), json);
    if (!tokenizer_) {
      std::cout << prompt;
      return;
    }
    sink_->add(tokenizer_->encode(prompt));
    sink_->end_record();
  }

  const TokenizeOptions& options_;
  std::unique_ptr<const Tokenizer> tokenizer_;  // null when chats stay text
  std::unique_ptr<Sink> sink_;                  // as well
  std::optional<TextReader> reader_;            // when texts are encoded
  size_t block_bytes_ = kMinBlockBytes;
};

int run(const TokenizeOptions& options) {
  if (options.chat_template == "list") {
    for (const ChatTemplate& known : chat_templates())
      std::cout << known.name << '\t' << known.summary << '\n';
    return kSuccess;
  }
  Tool(options).run();
  return kSuccess;
}

}  // namespace
}  // namespace rwkv

int main(int argc, char** argv) {
  return rwkv::run_tool("rwkv-tokenize", [&] {
    const auto options = rwkv::parse_tokenize_options(argc, argv);
    return options ? rwkv::run(*options) : rwkv::kSuccess;
  });
}
