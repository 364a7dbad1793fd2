// rwkv-convert: any checkpoint to safetensors.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "checkpoint/compare.h"
#include "checkpoint/convert.h"
#include "common/command_line.h"
#include "common/common_options.h"
#include "common/tool.h"
#include "core/error.h"
#include "core/printable.h"
#include "model/model.h"

namespace {

using namespace rwkv;

constexpr const char* kName = "rwkv-convert";

const ToolText kTool{.name = kName,
                     .summary = "write any checkpoint as safetensors",
                     .usage = "rwkv-convert [options] IN OUT",
                     .examples = R"(rwkv-convert model.pth model.safetensors
rwkv-convert model.pth q8.safetensors --dtype q8 --check
rwkv-convert model.pth mixed.safetensors --dtype q4 --keep 'head|emb=q8'
rwkv-convert model.pth --dtype q4 --dry-run)",
                     .manual = R"(DESCRIPTION
Reads a checkpoint (PyTorch .pth, safetensors; judged by content) and writes safetensors. - is standard input or output. No code in a
checkpoint is ever run. The same input gives the same bytes.
)"};

struct Options : CommonOptions {
  std::string in, out;
  std::string dtype, layout;                          // as given
  std::vector<std::string> operands, keep, metadata;  // as given
  bool check = false, dry_run = false;
  ConvertOptions convert;
};

std::vector<std::string> dtype_names() {
  std::vector<std::string> names;
  for (const DTypeInfo& info : kDTypes) {
    if (info.has_products) names.emplace_back(info.name);
  }
  return names;
}

std::vector<std::string> layout_names() { return {"rows", "tiles"}; }

// One of dtype_names().
DType dtype_named(const std::string& name) { return find_dtype(name)->dtype; }

// "a=b=c" is cut at its first or its last '='.
std::pair<std::string, std::string> cut_at(const std::string& text, size_t equals, const char* form) {
  if (equals == std::string::npos || equals == 0) usage_error("'" + text + "', want " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

KeepRule keep_rule(const std::string& text) {
  const auto [names, dtype] = cut_at(text, text.rfind('='), "--keep REGEX=DTYPE");
  try {
    return {std::regex(names), dtype_named(checked_name("dtype of --keep", dtype, name_of(dtype_names)))};
  } catch (const std::regex_error& e) {
    usage_error("--keep '" + names + "': " + e.what());
  }
}

void check_operands(const Options& options, size_t n_operands) {
  if (n_operands != 2 && !(options.dry_run && n_operands == 1)) usage_error("want IN and OUT");
  if (options.check && options.dry_run) usage_error("--check and --dry-run exclude each other");
  if (options.check && options.out == "-") usage_error("--check cannot read standard output back");
}

void check_layout(const ConvertOptions& options) {
  const auto refuse_quantised = [&](DType dtype) {
    if (options.layout != Layout::kOutIn || !is_quantised(dtype)) return;
    usage_error("--layout rows does not go with " + std::string(dtype_info(dtype).name));
  };
  if (options.dtype) refuse_quantised(*options.dtype);
  for (const KeepRule& rule : options.keep) refuse_quantised(rule.dtype);
}

using Value = OptionValue;
constexpr std::string_view kForm = "what is written", kHow = "how";

const Option<Options> kOptions[] = {
    {{"dtype", 0, "", "TYPE", name_of(dtype_names), kForm, "of all floating-point tensors, or of matrices",
      "f32, f16 and bf16 are for all floating-point tensors; q8, q6 and q4 for the large matrices, in 8.5, "
      "6.5 and 4.5 bits "
      "a weight. Without it every tensor keeps its own.",
      true},
     [](Options& o, const Value& v) { o.dtype = v.text(); }},
    {{"layout", 0, "", "HOW", name_of(layout_names), kForm, "rows, as others read; tiles, as it runs fastest",
      "Default: rows, but tiles for q8, q6 and q4.", true},
     [](Options& o, const Value& v) { o.layout = v.text(); }},
    {{"keep", 0, "", "REGEX=TYPE", kTextsType, kForm, "TYPE for tensors whose name matches (repeatable)",
      "The first match counts.", true},
     [](Options& o, const Value& v) { o.keep = v.texts(); }},
    {{"meta", 0, "", "KEY=VALUE", kTextsType, kForm, "add to the metadata (repeatable)", "", true},
     [](Options& o, const Value& v) { o.metadata = v.texts(); }},
    {{"check", 0, "", "", kSwitchType, kHow, "read the result back, print each tensor's errors",
      "Each tensor's name, its largest and its mean error. Exit status 0: as converted, 1: differs, 2: "
      "trouble.",
      true},
     [](Options& o, const Value& v) { o.check = v.on(); }},
    {{"dry-run", 0, "", "", kSwitchType, kHow, "print what would be written, write nothing", "", true},
     [](Options& o, const Value& v) { o.dry_run = v.on(); }},
};

void resolve(Options& o) {
  if (!o.operands.empty()) o.in = o.operands[0] == "-" ? "/dev/stdin" : o.operands[0];
  if (o.operands.size() > 1) o.out = o.operands[1];
  check_operands(o, o.operands.size());
  ConvertOptions& c = o.convert;
  if (!o.dtype.empty()) c.dtype = dtype_named(o.dtype);
  if (!o.layout.empty()) c.layout = find_layout(o.layout);
  for (const auto& text : o.keep) c.keep.push_back(keep_rule(text));
  for (const auto& text : o.metadata) c.metadata.insert(cut_at(text, text.find('='), "--meta KEY=VALUE"));
  check_layout(c);
  c.n_threads = thread_count(o);
}

std::optional<Options> parse(int argc, const char* const* argv) {
  Options options;
  CommandLine line(kTool);
  line.add(kOptions, options);
  line.add(kThreadsOption, options);
  line.add(kQuietOption, options);
  line.add_operands(options.operands, 2);
  if (!line.parse(argc, argv)) return std::nullopt;
  resolve(options);
  return options;
}

ProgressCallback progress_of(Progress& progress) {
  constexpr uint64_t kMegabyte = 1'000'000;
  return [&progress](uint64_t done, uint64_t total) {
    throw_if_stopped();
    progress.update(done / kMegabyte, total / kMegabyte);
  };
}

int print_plan(const TensorFile& in, const ConvertOptions& options) {
  for (const TensorView& tensor : in.tensors()) {
    const TensorSpec spec = converted_spec(tensor, options);
    std::cout << printable(tensor.name) << '\t' << to_string(tensor.shape) << '\t'
              << form_name(tensor.dtype, tensor.layout) << '\t' << form_name(spec.dtype, spec.layout) << '\n';
  }
  return kSuccess;
}

void print_summary(const ConvertSummary& summary, double seconds) {
  char text[100];
  std::snprintf(text, sizeof text, ": %zu tensors, %.1f MB, %.1f s\n", summary.n_tensors,
                static_cast<double>(summary.bytes) / 1e6, seconds);
  std::cerr << kName << text;
}

int check(const TensorFile& in, const Options& options) {
  Progress progress("checking", "MB", options.quiet);
  const TensorFile result = TensorFile::open(options.out);
  bool same = true;
  for (const TensorError& error : compare(in, result, progress_of(progress), options.convert.n_threads)) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "\t%.9g\t%.9g\n", error.max, error.mean);
    std::cout << printable(error.name) << numbers;
    same = same && error.as_converted;
  }
  return same ? kSuccess : kFailure;
}

int run(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  const TensorFile in = TensorFile::open(options.in);
  if (holds_model(in)) {
    if (const auto warning = check_model(in).warning)
      std::cerr << kName << ": warning: " << options.in << ": " << *warning << '\n';
  }
  if (options.dry_run) return print_plan(in, options.convert);
  const ConvertSummary summary = [&] {
    Progress progress("converting", "MB", options.quiet);
    return convert(in, options.out, options.convert, progress_of(progress));
  }();
  if (summary.n_overflowed > 0) {
    std::cerr << kName << ": warning: " << summary.n_overflowed
              << " values out of range became infinite, the first in "
              << tensor_label(summary.overflowed_tensor) << '\n';
  }
  if (!options.quiet) {
    print_summary(summary, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  }
  return options.check ? check(in, options) : kSuccess;
}

// With --check, 1 says that the result differs, hence trouble is 2, as with cmp.
int run_with_exit_code(const Options& options) {
  try {
    return run(options);
  } catch (const Error& e) {
    if (!options.check || e.kind() == ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kUsage, e.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool(kName, [&]() -> int {
    const auto options = parse(argc, argv);
    return options ? run_with_exit_code(*options) : kSuccess;
  });
}
