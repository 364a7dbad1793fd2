#include "tokenize/options.h"

#include "common/chat_options.h"
#include "common/command_line.h"

namespace rwkv {
namespace {

const ToolText kTool{.name = "rwkv-tokenize",
                     .summary = "turn text into token ids, and back",
                     .usage = R"(rwkv-tokenize -v VOCAB [options] [FILE...]
rwkv-tokenize -v VOCAB --decode [options] [FILE...]
rwkv-tokenize --template NAME [-v VOCAB] [FILE...])",
                     .examples = R"(rwkv-tokenize -v VOCAB book.txt > book.ids
rwkv-tokenize -v VOCAB --decode book.ids | cmp - book.txt
rwkv-tokenize -v VOCAB --count *.txt
printf 'one\ntwo\n' | rwkv-tokenize -v VOCAB --lines --ids json
rwkv-tokenize --template world chat.json)",
                     .manual = R"(DESCRIPTION
Turns text into token ids, or with -d ids into text. Every FILE is one text; no FILE, or -, is standard input. Ids are written as soon
as they are certain, so memory stays at one block of input. Large inputs are encoded on all threads; the ids are the same as with one.

VOCAB is a World vocabulary or a Hugging Face tokenizer.json. With --template every FILE is a chat, JSON messages; its prompt is
printed, or with -v its ids.
)"};

using Value = OptionValue;

// Of the model nothing but its size is asked.
const Option<CommonOptions> kModelFitsOption{
    {"model", 'm', "", "MODEL", kFileType, "model", "refuse a vocabulary that does not fit this model"},
    [](CommonOptions& o, const Value& v) { o.model = v.text(); }};

std::vector<std::string> utf8_names() { return {"hold", "replace", "strict"}; }

std::vector<std::string> template_names() {
  std::vector<std::string> names = chat_template_names();
  names.emplace_back("list");
  return names;
}

void set_utf8(TokenizeOptions& o, const Value& v) {
  o.utf8 = v.text() == "hold"      ? Utf8Mode::kHold
           : v.text() == "replace" ? Utf8Mode::kReplace
                                   : Utf8Mode::kStrict;
}

constexpr std::string_view kIo = "input and output", kForm = "form of the output";

const Option<TokenizeOptions> kOptions[] = {
    {{"decode", 'd', "", "", kSwitchType, kIo, "ids to text", "", true},
     [](TokenizeOptions& o, const Value& v) { o.decode = v.on(); }},
    {{"lines", 'l', "", "", kSwitchType, kIo, "every line is a text of its own", "", true},
     [](TokenizeOptions& o, const Value& v) { o.lines = v.on(); }},
    {{"null", '0', "", "", kSwitchType, kIo, "every text ends in a NUL", "", true},
     [](TokenizeOptions& o, const Value& v) { o.null = v.on(); }},
    {{"chomp", 0, "", "", kSwitchType, kIo, "drop one final newline of every text", "", true},
     [](TokenizeOptions& o, const Value& v) { o.chomp = v.on(); }},
    {{"template", 0, "", "NAME", name_of(template_names), kIo,
      "turn chats into prompts; list prints the names",
      "A chat is an array of {\"role\": \"system\", \"user\" or \"assistant\", \"content\": text}, or an "
      "object with such \"messages\". An empty line ends a turn, so empty lines inside a user's or the "
      "system's text become line breaks; white space around a turn is removed.",
      true},
     [](TokenizeOptions& o, const Value& v) { o.chat_template = v.text(); }},
    {{"pieces", 0, "", "", kSwitchType, kForm, "print every id with its bytes, escaped", "", true},
     [](TokenizeOptions& o, const Value& v) { o.pieces = v.on(); }},
    {{"count", 0, "", "", kSwitchType, kForm, "print the number of tokens of every FILE", "", true},
     [](TokenizeOptions& o, const Value& v) { o.count = v.on(); }},
    {{"utf8", 0, "", "MODE", name_of(utf8_names), kForm,
      "whole characters; invalid UTF-8: hold, replace or strict",
      "With --decode. hold: invalid UTF-8 is kept. replace: U+FFFD replaces it. strict: it is an error.",
      true},
     set_utf8},
};

void check_together(const TokenizeOptions& o) {
  if (o.lines && o.null) usage_error("--lines and --null exclude each other");
  if (o.pieces && o.count) usage_error("--pieces and --count exclude each other");
  if (o.chomp && o.decode) usage_error("--chomp is for encoding");
  if (o.utf8 != Utf8Mode::kDefault && (!o.decode || o.pieces || o.count))
    usage_error("--utf8 is for decoding to text");
  if (!o.chat_template.empty() && (o.decode || o.has_records() || o.chomp)) {
    usage_error("--template excludes --decode, --lines, --null and --chomp");
  }
}

}  // namespace

std::optional<TokenizeOptions> parse_tokenize_options(int argc, const char* const* argv) {
  TokenizeOptions options;
  CommandLine line(kTool);
  line.add(kVocabOption, options);
  line.add(kModelFitsOption, options);
  line.add(kOptions, options);
  line.add(kIdsOption, options);
  line.add(kThreadsOption, options);
  line.add_operands(options.files);
  if (!line.parse(argc, argv)) return std::nullopt;
  check_together(options);
  options.ids = options.id_format.value_or(options.ids);
  options.threads = thread_count(options);
  options.names_files = !options.files.empty();
  if (!options.names_files) options.files = {"-"};
  return options;
}

}  // namespace rwkv
