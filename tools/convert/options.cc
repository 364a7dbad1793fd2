#include "convert/options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common/command_line.h"
#include "common/signals.h"

namespace rwkv {
namespace {

const ToolText kTool{.name = "rwkv-convert",
                     .summary = "write any checkpoint as safetensors or GGUF",
                     .usage = "rwkv-convert [options] IN OUT",
                     .examples = R"(rwkv-convert model.pth model.safetensors
rwkv-convert model.pth q8.safetensors --dtype q8 --check
rwkv-convert model.pth q4.safetensors --dtype q4 --calibrate text.txt -v VOCAB
rwkv-convert model.pth mixed.safetensors --dtype q4 --keep 'head|emb=q8'
rwkv-convert model.pth merged.safetensors --merge rwkv-lora.pth --alpha 32
rwkv-convert model.pth model.gguf -v rwkv_vocab_v20230424.txt
rwkv-convert model.gguf --extract-vocab vocab.txt
rwkv-convert model.pth --dtype q4 --dry-run)",
                     .manual = R"(DESCRIPTION
Reads a checkpoint (PyTorch .pth, safetensors, GGUF, rwkv.cpp's .bin; judged by content, with any program's tensor names) and writes safetensors,
or GGUF for llama.cpp. - is standard input or output. No code in a checkpoint is ever run. The same input gives the same bytes.

GGUF
RWKV-6 and 7 in f32, f16, bf16 or q8 (Q8_0), with a World vocabulary if -v names one. Vectors, and tensors that
llama.cpp never quantises, are written as its own converter does. Tensors quantised in another format become bf16 without --dtype.

CALIBRATION
With --calibrate the model of IN reads a text once, and each quantised matrix is rounded for the inputs that this text makes: weights that
are rounded later compensate the errors of weights rounded before (GPTQ). The result is closer to IN, of the same size and speed. Take
ten thousand tokens or more of the kind that the model is meant for, and judge the result by another text (rwkv-score --against
refuses the same one).

MERGING
--merge takes LoRA, PiSSA, Bone, DiSHA and Bat adapters as RWKV-PEFT saves them, a folder that Hugging Face's PEFT wrote (LoRA, MiSS,
Bone), and tuned states; several are merged in their order. A file's tensors of other names replace the model's. Sums are computed in f32
and rounded once. A tensor that has no place in the model is an error. Without --dtype tensors keep the model's dtypes.

A .pth of a LoRA does not contain its alpha: --alpha gives it. Of several --alpha, --merge-init or --state-order, each belongs to the
first merged file that needs one and has none yet.

RECEIPT
--report reads the result back and writes a JSON object; docs/formats.md lists its keys. With --dry-run it holds only the plan.
)"};

// As given.
struct Given {
  std::string dtype, layout, activations, to;
  std::vector<std::string> operands, keep, metadata, drop, merge, alphas, initials, state_orders;
  bool in_place = false;
};
struct Target : ConvertToolOptions {
  Given given;
};

constexpr StateOrder kStateOrders[] = {StateOrder::kValueKey, StateOrder::kKeyValue};

std::vector<std::string> dtype_names() {
  std::vector<std::string> names;
  for (const DTypeInfo& info : kDTypes) {
    if (info.has_products && !info.elements) names.emplace_back(info.name);
  }
  return names;
}
std::vector<std::string> activation_names() { return {"f32", "bf16"}; }
std::vector<std::string> format_names() { return {"safetensors", "gguf"}; }
std::vector<std::string> layout_names() { return {"rows", "tiles"}; }
std::vector<std::string> state_order_names() {
  std::vector<std::string> names;
  for (const StateOrder order : kStateOrders) names.emplace_back(state_order_name(order));
  return names;
}

// One of dtype_names().
DType dtype_named(const std::string& name) { return find_dtype(name)->dtype; }

using Value = OptionValue;
constexpr std::string_view kForm = "output", kMerging = "merging", kHow = "running";

const Option<Target> kOptions[] = {
    {{"dtype", 0, "", "TYPE", name_of(dtype_names), kForm, "dtype of floating-point tensors, or of matrices",
      "f32, f16 and bf16 are for all floating-point tensors; q8, q6 and q4 for the large matrices, in 8.5, "
      "6.5 and 4.5 bits a weight. Without it every tensor keeps its own.",
      true},
     [](Target& o, const Value& v) { o.given.dtype = v.text(); }},
    {{"to", 0, "", "FORMAT", name_of(format_names), kForm, "safetensors or gguf",
      "Default: gguf when OUT ends in .gguf, else safetensors.", true},
     [](Target& o, const Value& v) { o.given.to = v.text(); }},
    {{"vocab", 'v', "", "VOCAB", kFileType, kForm, "the model's vocabulary",
      "The output records its kind and a hash, so that tools warn about another vocabulary. GGUF contains "
      "the vocabulary, which must be World.",
      true},
     [](Target& o, const Value& v) { o.vocabulary = v.text(); }},
    {{"extract-vocab", 0, "", "FILE", kFileType, kForm, "write only the vocabulary inside IN",
      "As lines of a World vocabulary, without control and padding tokens.", true},
     [](Target& o, const Value& v) { o.extracted = v.text(); }},
    {{"calibrate", 0, "", "FILE", kFileType, kForm, "round for the inputs that this text makes",
      "For q8, q6 and q4. FILE holds a text if -v is given; else ids, as rwkv-tokenize writes them. See "
      "CALIBRATION.",
      true},
     [](Target& o, const Value& v) { o.calibration = v.text(); }},
    {{"layout", 0, "", "HOW", name_of(layout_names), kForm, "rows (for any reader) or tiles (fastest)",
      "Default: rows, but tiles for q8, q6 and q4.", true},
     [](Target& o, const Value& v) { o.given.layout = v.text(); }},
    {{"activations", 0, "", "TYPE", name_of(activation_names), kForm,
      "f32 (default) or bf16: rounds inputs of bf16 matrices",
      "bf16 makes a prefill about 1.6 times as fast on CPUs that multiply bf16 (AVX512-BF16); other CPUs "
      "give the same results. Matrices are then in tiles.",
      true},
     [](Target& o, const Value& v) { o.given.activations = v.text(); }},
    {{"keep", 0, "", "REGEX=TYPE", kTextsType, kForm, "TYPE for tensors whose name matches (repeatable)",
      "The first match counts.", true},
     [](Target& o, const Value& v) { o.given.keep = v.texts(); }},
    {{"drop", 0, "", "REGEX", kTextsType, kForm, "leave out tensors whose name matches (repeatable)", "",
      true},
     [](Target& o, const Value& v) { o.given.drop = v.texts(); }},
    {{"meta", 0, "", "KEY=VALUE", kTextsType, kForm, "add to the metadata (repeatable)", "", true},
     [](Target& o, const Value& v) { o.given.metadata = v.texts(); }},
    {{"merge", 0, "", "FILE", kTextsType, kMerging, "an adapter or a tuned state (repeatable, in order)",
      "A file, or the folder of an adapter that PEFT wrote.", true},
     [](Target& o, const Value& v) { o.given.merge = v.texts(); }},
    {{"alpha", 0, "", "A", kTextsType, kMerging, "a LoRA's alpha, if its file has none", "", true},
     [](Target& o, const Value& v) { o.given.alphas = v.texts(); }},
    {{"merge-init", 0, "", "FILE", kTextsType, kMerging, "the initial values of a PiSSA",
      "Default: init_pissa.pth in the folder of the merged file.", false},
     [](Target& o, const Value& v) { o.given.initials = v.texts(); }},
    {{"state-order", 0, "", "ORDER", kTextsType, kMerging, "order in a tuned state: value-key or key-value",
      "The order of the last two dimensions. Default: safetensors of f16 states only, without metadata, as "
      ".state files are, hold key-value; all others value-key.",
      false},
     [](Target& o, const Value& v) { o.given.state_orders = v.texts(); }},
    {{"check", 0, "", "", kSwitchType, kHow, "read the result back, print each tensor's errors",
      "Each tensor's name, its largest and its rms error. Exit status 0: as converted, 1: differs, 2: "
      "trouble.",
      true},
     [](Target& o, const Value& v) { o.check = v.on(); }},
    {{"report", 0, "", "FILE.json", kFileType, kHow, "write what became of each tensor, and its SHA-256", "",
      true},
     [](Target& o, const Value& v) { o.report = v.text(); }},
    {{"dry-run", 0, "", "", kSwitchType, kHow, "print what would be written, write nothing", "", true},
     [](Target& o, const Value& v) { o.dry_run = v.on(); }},
    {{"in-place", 0, "", "", kSwitchType, kHow, "replace IN", "", true},
     [](Target& o, const Value& v) { o.given.in_place = v.on(); }},
};

// "a=b=c" is cut at its first or its last '='.
std::pair<std::string, std::string> cut_at(const std::string& text, size_t equals, const char* form) {
  if (equals == std::string::npos || equals == 0) usage_error("'" + text + "', want " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::regex regex_of(const char* option, const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& e) {
    usage_error(std::string(option) + " '" + text + "': " + e.what());
  }
}

KeepRule keep_rule(const std::string& text) {
  const auto [names, dtype] = cut_at(text, text.rfind('='), "--keep REGEX=DTYPE");
  const auto type = checked_name("dtype of --keep", dtype, name_of(dtype_names));
  return {regex_of("--keep", names), dtype_named(type)};
}

double alpha_of(const std::string& text) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) fail_value("--alpha", text, real());
  return checked_real("--alpha", text, value, real());
}

StateOrder state_order_of(const std::string& text) {
  const auto name = checked_name("--state-order", text, name_of(state_order_names));
  return *std::ranges::find(kStateOrders, name, state_order_name);
}

void check_gguf(const Target& o) {
  if (!o.to_gguf) return;
  if (!o.given.layout.empty()) usage_error("--layout is for safetensors, not for GGUF");
  if (!o.calibration.empty()) usage_error("--calibrate is for safetensors, not for GGUF");
}

void check_operands(const Target& o, size_t n_operands) {
  if (!o.extracted.empty()) {
    if (n_operands != 1) usage_error("--extract-vocab wants IN alone");
    return;
  }
  if (o.given.in_place ? n_operands != 1 : n_operands != 2 && !(o.dry_run && n_operands == 1))
    usage_error(o.given.in_place ? "--in-place wants IN alone" : "want IN and OUT");
  if (o.given.in_place && o.given.operands[0] == "-") usage_error("--in-place cannot replace standard input");
  if (o.check && o.dry_run) usage_error("--check and --dry-run exclude each other");
  if (o.calibration == "-" && o.given.operands[0] == "-")
    usage_error("IN and the text of --calibrate cannot both be standard input");
  const bool reads_back = o.check || (!o.report.empty() && !o.dry_run);
  if (reads_back && o.out == "-")
    usage_error(std::string(o.check ? "--check" : "--report") + " cannot read standard output back");
  std::error_code error;
  if (!o.given.in_place && std::filesystem::equivalent(o.in, o.out, error))
    usage_error(o.out + " is IN: --in-place, if that is meant");
}

void check_layout(const ConvertOptions& options) {
  const auto refuse_packed = [&](DType dtype) {
    if (options.layout != Layout::kOutIn) return;
    if (elements_of(dtype) != dtype) usage_error("--layout rows does not go with --activations bf16");
    if (!is_quantised(dtype)) return;
    usage_error("--layout rows does not go with " + std::string(dtype_info(dtype).name));
  };
  if (options.dtype) refuse_packed(*options.dtype);
  for (const KeepRule& rule : options.keep) refuse_packed(rule.dtype);
}

// Makes bf16 the type whose products round x.
void round_activations(ConvertOptions& options) {
  bool found = false;
  const auto round = [&found](DType& dtype) {
    if (dtype != DType::kBf16) return;
    dtype = DType::kBf16Bf16;
    found = true;
  };
  if (options.dtype) round(*options.dtype);
  for (KeepRule& rule : options.keep) round(rule.dtype);
  if (!found) usage_error("--activations bf16 wants --dtype bf16");
}

ConvertOptions convert_options(const Given& given) {
  ConvertOptions c;
  if (!given.dtype.empty()) c.dtype = dtype_named(given.dtype);
  if (!given.layout.empty()) c.layout = find_layout(given.layout);
  for (const auto& text : given.keep) c.keep.push_back(keep_rule(text));
  for (const auto& text : given.drop) c.drop.push_back({regex_of("--drop", text), text});
  for (const auto& text : given.metadata) c.metadata.insert(cut_at(text, text.find('='), "--meta KEY=VALUE"));
  c.merge.files.assign(given.merge.begin(), given.merge.end());
  c.merge.initials.assign(given.initials.begin(), given.initials.end());
  std::ranges::transform(given.alphas, std::back_inserter(c.merge.alphas), alpha_of);
  std::ranges::transform(given.state_orders, std::back_inserter(c.merge.state_orders), state_order_of);
  if (given.activations == "bf16") round_activations(c);
  check_layout(c);
  return c;
}

}  // namespace

std::optional<ConvertToolOptions> parse_convert_options(int argc, const char* const* argv) {
  Target options;
  CommandLine line(kTool);
  line.add(kOptions, options);
  line.add(kThreadsOption, options);
  line.add(kQuietOption, options);
  line.add_operands(options.given.operands, 2);
  if (!line.parse(argc, argv)) return std::nullopt;
  const auto& operands = options.given.operands;
  if (!operands.empty()) options.in = operands[0] == "-" ? "/dev/stdin" : operands[0];
  if (options.given.in_place) options.out = options.in;
  if (operands.size() > 1) options.out = operands[1];
  check_operands(options, operands.size());
  const std::string& to = options.given.to;
  options.to_gguf = to.empty() ? std::filesystem::path(options.out).extension() == ".gguf" : to == "gguf";
  check_gguf(options);
  options.convert = convert_options(options.given);
  options.convert.n_threads = thread_count(options);
  options.convert.stop = stop_requested;
  return options;
}

}  // namespace rwkv
