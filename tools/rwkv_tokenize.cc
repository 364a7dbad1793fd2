// rwkv-tokenize: text to token ids and back.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "common/input_file.h"
#include "common/tool.h"
#include "common/vocabulary_path.h"
#include "core/read_some.h"
#include "formats/tensor_file.h"
#include "ids/id_stream.h"
#include "text/chat_template.h"
#include "text/escape.h"
#include "text/tokenizer.h"

namespace rwkv {
namespace {

namespace po = boost::program_options;

constexpr char kUsageText[] =
    "usage: rwkv-tokenize -v VOCAB [options] [FILE...]\n\n"
    "Turns text into token ids, or with -d ids into text. Every FILE is one text; no FILE, or -, is standard "
    "input.\n"
    "VOCAB is a World vocabulary or a Hugging Face tokenizer.json; RWKV_VOCAB names it too, or the folder it "
    "is in.\n"
    "With --template every FILE is a chat, JSON messages; its prompt is printed, or with -v its ids.\n";

constexpr size_t kMinBlockBytes = 1 << 20;     // of input
constexpr size_t kThreadBlockBytes = 1 << 17;  // for each thread

struct Options {
  std::string vocab, model, utf8, chat_template;
  std::optional<size_t> threads;
  IdFormat ids = IdFormat::kText;
  bool decode = false, lines = false, null = false, chomp = false, pieces = false, count = false;
  std::vector<std::string> files;
  bool names_files = false;  // "-" alone may be meant or not

  bool has_records() const { return lines || null; }
  char separator() const { return null ? '\0' : '\n'; }
  Records records() const { return has_records() ? Records::kMany : Records::kOne; }
};

void check_utf8(const Options& options) {
  if (options.utf8.empty()) return;
  if (options.utf8 != "hold" && options.utf8 != "replace" && options.utf8 != "strict") {
    usage_error("--utf8 '" + options.utf8 + "': want hold, replace or strict");
  }
  if (!options.decode || options.pieces || options.count) usage_error("--utf8 is for decoding to text");
}

std::optional<Options> parse(int argc, const char* const* argv) {
  Options options;
  std::string ids;
  CommandLine line("rwkv-tokenize", kUsageText);
  auto add = line.add();
  add("vocab,v", po::value(&options.vocab)->value_name("VOCAB"), "the vocabulary");
  add("decode,d", po::bool_switch(&options.decode), "ids to text");
  add("lines,l", po::bool_switch(&options.lines), "every line is a text of its own");
  add("null,0", po::bool_switch(&options.null), "every text ends in a NUL");
  add("chomp", po::bool_switch(&options.chomp), "drop one final newline of every text");
  add("ids", po::value(&ids)->value_name("FORMAT")->default_value("text"),
      "how ids are written: text, lines (one id a line), json, u16, u32");
  add("pieces", po::bool_switch(&options.pieces), "print every id with its bytes, escaped");
  add("count", po::bool_switch(&options.count), "print the number of tokens of every FILE");
  add("model,m", po::value(&options.model)->value_name("MODEL"), "refuse a vocabulary that does not fit");
  add("utf8", po::value(&options.utf8)->value_name("MODE"),
      "whole characters only, and of what is not UTF-8: hold (keep it), replace (by U+FFFD), strict (refuse "
      "it)");
  add("template", po::value(&options.chat_template)->value_name("NAME"),
      "turn chats into prompts; list prints the names");
  std::optional<int64_t> threads;
  add("threads,t", po::value<int64_t>()->value_name("N")->notifier([&](int64_t n) { threads = n; }),
      "threads that encode large inputs (or RWKV_THREADS; default: every core)");
  line.add_operands("file", po::value(&options.files), -1);
  if (!line.parse(argc, argv)) return std::nullopt;
  if (options.lines && options.null) usage_error("--lines and --null exclude each other");
  if (options.pieces && options.count) usage_error("--pieces and --count exclude each other");
  if (options.chomp && options.decode) usage_error("--chomp is for encoding");
  if (threads && *threads < 1) usage_error("--threads is " + std::to_string(*threads) + ", want at least 1");
  if (threads) options.threads = static_cast<size_t>(*threads);
  check_utf8(options);
  if (!options.chat_template.empty() && (options.decode || options.has_records() || options.chomp)) {
    usage_error("--template excludes --decode, --lines, --null and --chomp");
  }
  options.ids = id_format_from_name(ids);
  options.names_files = !options.files.empty();
  if (!options.names_files) options.files = {"-"};
  return options;
}

// Where ids go.
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
  explicit IdSink(const Options& options) : writer_(std::cout, options.ids, options.records()) {}
  void add(std::span<const TokenId> ids) override { writer_.write(ids); }
  void end_record() override { writer_.end_record(); }

 private:
  IdWriter writer_;
};

// What to do with characters in decoded text; nothing: bytes leave at once, whole characters or not.
std::optional<InvalidUtf8> utf8_mode(const Options& options, const Tokenizer& tokenizer) {
  if (options.utf8 == "hold") return InvalidUtf8::kKeep;
  if (options.utf8 == "replace") return InvalidUtf8::kReplace;
  if (options.utf8 == "strict") return InvalidUtf8::kRefuse;
  if (tokenizer.invalid_output() == InvalidUtf8::kKeep) return std::nullopt;
  return tokenizer.invalid_output();
}

// Text leaves as soon as it is certain: somebody may be reading along.
class TextSink final : public Sink {
 public:
  TextSink(const Options& options, const Tokenizer& tokenizer) : options_(options), tokenizer_(tokenizer) {
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
  const Options& options_;
  const Tokenizer& tokenizer_;
  std::optional<Utf8Joiner> joiner_;
  std::string bytes_;
};

class PieceSink final : public Sink {
 public:
  PieceSink(const Options& options, const Tokenizer& tokenizer) : options_(options), tokenizer_(tokenizer) {}
  void add(std::span<const TokenId> ids) override {
    for (const TokenId id : ids) std::cout << id << '\t' << escape_bytes(tokenizer_.bytes_of(id)) << '\n';
  }
  void end_record() override {
    if (options_.has_records()) std::cout << '\n';
  }

 private:
  const Options& options_;
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

std::unique_ptr<Sink> make_sink(const Options& options, const Tokenizer& tokenizer) {
  if (options.count) return std::make_unique<CountSink>(options.names_files);
  if (options.pieces) return std::make_unique<PieceSink>(options, tokenizer);
  if (options.decode) return std::make_unique<TextSink>(options, tokenizer);
  return std::make_unique<IdSink>(options);
}

// False when nobody can take what is written: run_tool() will say so.
bool goes_on() {
  throw_if_stopped();
  return std::cout.good();
}

// Encodes the texts of files into a sink.
class TextReader {
 public:
  TextReader(const Options& options, const Tokenizer& tokenizer, Sink& sink)
      : options_(options), encoder_(tokenizer, thread_count(options.threads)), sink_(sink) {
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

  // Takes the rest of the text at hand from `bytes`, when it is there.
  void add_end_of_text(std::string_view& bytes) {
    const size_t end = bytes.find(options_.separator());
    if (end == std::string_view::npos) return;
    add_to_text(bytes.substr(0, end));
    end_text();
    encoder_.skip(1);
    bytes.remove_prefix(end + 1);
  }

  // Takes the texts that `bytes` has whole.
  void add_texts(std::string_view& bytes) {
    const size_t n = bytes.rfind(options_.separator()) + 1;
    encoder_.add_texts(bytes.substr(0, n), options_.separator(), options_.chomp, [&](auto ids) {
      sink_.add(ids);
      sink_.end_record();
    });
    bytes.remove_prefix(n);
  }

  // With --chomp a final newline waits for what follows it.
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

  const Options& options_;
  StreamEncoder encoder_;
  Sink& sink_;
  std::vector<TokenId> ids_;
  bool in_text_ = false, newline_waits_ = false;
};

void read_ids(std::istream& in, const Options& options, const Tokenizer& tokenizer, Sink& sink) {
  IdReader reader(in, {options.ids, options.records(), tokenizer.padded_size()});
  std::vector<TokenId> ids;
  while (goes_on() && reader.next_record()) {
    while (goes_on() && reader.read(ids)) sink.add(ids);
    sink.end_record();
  }
}

void check_model(const std::string& path, const Tokenizer& tokenizer) {
  const TensorFile file = TensorFile::open(path);
  const TensorView& embedding = file.at("emb.weight");
  if (embedding.shape.empty()) file.fail("tensor emb.weight: want two dimensions");
  with_context(path, [&] { tokenizer.check_fits(embedding.shape[0]); });
}

class Tool {
 public:
  explicit Tool(const Options& options) : options_(options) {
    if (const auto vocab = vocabulary()) tokenizer_ = Tokenizer::load(*vocab);
    if (!options.model.empty()) check_model(options.model, *tokenizer_);
    if (tokenizer_) sink_ = make_sink(options, *tokenizer_);
    if (options.chat_template.empty() && !options.decode) {
      reader_.emplace(options, *tokenizer_, *sink_);
      block_bytes_ = std::max(block_bytes_, kThreadBlockBytes * thread_count(options.threads));
    }
  }

  void run() {
    for (const std::string& name : options_.files) {
      InputFile input(name, block_bytes_);
      input.read([&] { read(input.stream()); });
      throw_if_stopped();
      if (sink_) sink_->end_file(name);
    }
    if (sink_) sink_->end();
  }

 private:
  // None for chats that stay text: those need -v to become ids, whatever the environment says.
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
    std::string json;
    std::vector<char> block(1 << 16);
    while (const size_t n = read_some(in, block)) json.append(block.data(), n);
    throw_if_stopped();
    const std::string prompt = chat_prompt(chat_template_from_name(options_.chat_template), json);
    if (!tokenizer_) {
      std::cout << prompt;
      return;
    }
    sink_->add(tokenizer_->encode(prompt));
    sink_->end_record();
  }

  const Options& options_;
  std::unique_ptr<const Tokenizer> tokenizer_;  // null when chats stay text
  std::unique_ptr<Sink> sink_;                  // as well
  std::optional<TextReader> reader_;            // when texts are encoded
  size_t block_bytes_ = kMinBlockBytes;
};

int run(const Options& options) {
  if (options.chat_template == "list") {
    for (const ChatTemplate& known : chat_templates())
      std::cout << known.name << '\t' << known.summary << '\n';
    return kSuccess;
  }
  if (!options.chat_template.empty()) chat_template_from_name(options.chat_template);
  Tool(options).run();
  return kSuccess;
}

}  // namespace
}  // namespace rwkv

int main(int argc, char** argv) {
  return rwkv::run_tool("rwkv-tokenize", [&] {
    const auto options = rwkv::parse(argc, argv);
    return options ? rwkv::run(*options) : rwkv::kSuccess;
  });
}
