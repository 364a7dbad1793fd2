// rwkv-tokenize: text to token ids and back.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "core/read_some.h"
#include "ids/id_stream.h"
#include "tensor/tensor_file.h"
#include "text/escape.h"
#include "text/tokenizer.h"
#include "tool.h"

namespace rwkv {
namespace {

namespace po = boost::program_options;

constexpr char kUsageText[] =
    "usage: rwkv-tokenize -v VOCAB [options] [FILE...]\n\n"
    "Turns text into token ids, or with -d ids into text. Every FILE is one text; no FILE, or -, is standard "
    "input.\n"
    "VOCAB is a World vocabulary or a Hugging Face tokenizer.json; RWKV_VOCAB names it too.\n";

struct Options {
  std::string vocab, model;
  IdFormat ids = IdFormat::kText;
  bool decode = false, lines = false, null = false, chomp = false, pieces = false, count = false;
  std::vector<std::string> files;

  bool has_records() const { return lines || null; }
  char separator() const { return null ? '\0' : '\n'; }
  Records records() const { return has_records() ? Records::kMany : Records::kOne; }
};

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
  line.add_operands("file", po::value(&options.files), -1);
  if (!line.parse(argc, argv)) return std::nullopt;
  if (options.lines && options.null) usage_error("--lines and --null exclude each other");
  if (options.pieces && options.count) usage_error("--pieces and --count exclude each other");
  if (options.chomp && options.decode) usage_error("--chomp is for encoding");
  options.ids = id_format_from_name(ids);
  if (options.files.empty()) options.files = {"-"};
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

// Text leaves as soon as its characters are complete: somebody may be reading along.
class TextSink final : public Sink {
 public:
  TextSink(const Options& options, const Tokenizer& tokenizer)
      : options_(options), tokenizer_(tokenizer), joiner_(tokenizer.invalid_output()) {}
  void add(std::span<const TokenId> ids) override {
    std::string bytes;
    for (const TokenId id : ids) bytes += tokenizer_.bytes_of(id);
    std::cout << joiner_.add(bytes) << std::flush;
  }
  void end_record() override {
    std::cout << joiner_.finish();
    if (options_.has_records()) std::cout << options_.separator() << std::flush;
  }

 private:
  const Options& options_;
  const Tokenizer& tokenizer_;
  Utf8Joiner joiner_;
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
  void add(std::span<const TokenId> ids) override { count_ += ids.size(); }
  void end_record() override {}
  void end_file(const std::string& name) override {
    std::cout << count_ << (name == "-" ? "" : " " + name) << '\n';
    total_ += std::exchange(count_, 0);
    ++n_files_;
  }
  void end() override {
    if (n_files_ > 1) std::cout << total_ << " total\n";
  }

 private:
  uint64_t count_ = 0, total_ = 0;
  size_t n_files_ = 0;
};

std::unique_ptr<Sink> make_sink(const Options& options, const Tokenizer& tokenizer) {
  if (options.count) return std::make_unique<CountSink>();
  if (options.pieces) return std::make_unique<PieceSink>(options, tokenizer);
  if (options.decode) return std::make_unique<TextSink>(options, tokenizer);
  return std::make_unique<IdSink>(options);
}

// False when nobody can take what is written: run_tool() will say so.
bool goes_on() {
  throw_if_stopped();
  return std::cout.good();
}

// Encodes the texts of one file into a sink.
class TextReader {
 public:
  TextReader(const Options& options, const Tokenizer& tokenizer, Sink& sink)
      : options_(options), encoder_(tokenizer), sink_(sink) {}

  void read(std::istream& in) {
    std::vector<char> block(1 << 16);
    while (const size_t n = read_some(in, block)) {
      if (!goes_on()) return;
      add({block.data(), n});
    }
    if (!options_.has_records() || in_text_) end_text();
  }

 private:
  void add(std::string_view bytes) {
    for (size_t end;
         options_.has_records() && (end = bytes.find(options_.separator())) != std::string_view::npos;) {
      add_to_text(bytes.substr(0, end));
      end_text();
      bytes.remove_prefix(end + 1);
    }
    if (!bytes.empty()) add_to_text(bytes);
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

std::ifstream open_file(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw Error(ErrorKind::kIo, "is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ErrorKind::kIo, std::strerror(errno));
  return file;
}

void read(std::istream& in, const Options& options, const Tokenizer& tokenizer, Sink& sink) {
  if (options.decode) {
    read_ids(in, options, tokenizer, sink);
  } else {
    TextReader(options, tokenizer, sink).read(in);
  }
}

int run(const Options& options) {
  const auto vocab = option_or_environment(options.vocab, "RWKV_VOCAB");
  if (!vocab) usage_error("no vocabulary: want -v VOCAB or RWKV_VOCAB");
  const auto tokenizer = Tokenizer::load(*vocab);
  if (!options.model.empty()) check_model(options.model, *tokenizer);

  const auto sink = make_sink(options, *tokenizer);
  for (const std::string& name : options.files) {
    if (name == "-") {
      with_context("standard input", [&] { read(std::cin, options, *tokenizer, *sink); });
    } else {
      with_context(name, [&] {
        std::ifstream file = open_file(name);
        read(file, options, *tokenizer, *sink);
      });
    }
    sink->end_file(name);
  }
  sink->end();
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
