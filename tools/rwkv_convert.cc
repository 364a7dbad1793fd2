// rwkv-convert: any checkpoint to safetensors.
#include <chrono>
#include <cstdio>
#include <iostream>

#include "checkpoint/compare.h"
#include "checkpoint/convert.h"
#include "common/tool.h"
#include "core/error.h"
#include "core/printable.h"

namespace {

using namespace rwkv;
namespace po = boost::program_options;

constexpr const char* kName = "rwkv-convert";
constexpr const char* kUsageText =
    "usage: rwkv-convert [options] IN OUT\n\n"
    "Reads a checkpoint (PyTorch .pth, safetensors; judged by content) and writes safetensors.\n"
    "`-` is stdin or stdout. No code in a checkpoint is ever run.\n";

struct Options {
  std::string in, out;
  bool check = false, dry_run = false, quiet = false;
  ConvertOptions convert;
};

DType dtype_named(const std::string& name) {
  const auto targets = {DType::kF32, DType::kF16, DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4};
  std::string names;
  for (const DType dtype : targets) {
    if (dtype_info(dtype).name == name) return dtype;
    names += (names.empty() ? "" : ", ") + std::string(dtype_info(dtype).name);
  }
  usage_error("unknown dtype '" + name + "', want one of " + names);
}

Layout layout_named(const std::string& name) {
  const auto layout = find_layout(name);
  if (!layout || layout == Layout::kInOut) usage_error("unknown layout '" + name + "', want rows or tiles");
  return *layout;
}

// "a=b=c" is cut at its first or its last '='.
std::pair<std::string, std::string> cut_at(const std::string& text, size_t equals, const char* form) {
  if (equals == std::string::npos || equals == 0) usage_error("'" + text + "', want " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

KeepRule keep_rule(const std::string& text) {
  const auto [names, dtype] = cut_at(text, text.rfind('='), "--keep REGEX=DTYPE");
  try {
    return {std::regex(names), dtype_named(dtype)};
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

// What the command line says, before it is checked.
struct Raw {
  std::string dtype, layout;
  std::vector<std::string> operands, keep, metadata;
  std::optional<size_t> threads;
};

void add_options(CommandLine& line, Raw& raw, Options& options) {
  auto add = line.add();
  add("dtype", po::value(&raw.dtype)->value_name("TYPE"),
      "write all floating-point tensors as f32, f16 or bf16; or the large matrices as q8, q6 or q4, in 8.5, "
      "6.5 "
      "or 4.5 bits a weight");
  add("layout", po::value(&raw.layout)->value_name("HOW"),
      "rows: matrices as other tools read them; tiles: as they run fastest (default: rows, but tiles for q8, "
      "q6 and q4)");
  add("keep", po::value(&raw.keep)->value_name("REGEX=TYPE"),
      "write tensors whose name matches as TYPE (repeatable; first match)");
  add("meta", po::value(&raw.metadata)->value_name("KEY=VALUE"), "add to the metadata (repeatable)");
  add("check", po::bool_switch(&options.check),
      "read the result back; print each tensor's name, largest and mean error. "
      "Exit 0: as converted, 1: differs, 2: trouble");
  add("dry-run", po::bool_switch(&options.dry_run), "print what would be written, write nothing");
  add("threads,t", po::value<size_t>()->value_name("N")->notifier([&raw](size_t n) { raw.threads = n; }),
      "threads (or RWKV_THREADS; default: every core)");
  add("quiet,q", po::bool_switch(&options.quiet), "no progress, no summary");
  line.add_operands("operands", po::value(&raw.operands), 2);
}

ConvertOptions convert_options(const Raw& raw) {
  ConvertOptions options;
  if (!raw.dtype.empty()) options.dtype = dtype_named(raw.dtype);
  if (!raw.layout.empty()) options.layout = layout_named(raw.layout);
  for (const auto& text : raw.keep) options.keep.push_back(keep_rule(text));
  for (const auto& text : raw.metadata)
    options.metadata.insert(cut_at(text, text.find('='), "--meta KEY=VALUE"));
  check_layout(options);
  options.n_threads = thread_count(raw.threads);
  return options;
}

std::optional<Options> parse(int argc, const char* const* argv) {
  Options options;
  Raw raw;
  CommandLine line(kName, kUsageText);
  add_options(line, raw, options);
  if (!line.parse(argc, argv)) return std::nullopt;
  if (!raw.operands.empty()) options.in = raw.operands[0] == "-" ? "/dev/stdin" : raw.operands[0];
  if (raw.operands.size() > 1) options.out = raw.operands[1];
  check_operands(options, raw.operands.size());
  options.convert = convert_options(raw);
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
