// rwkv-convert: any checkpoint to safetensors or GGUF.
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "checkpoint/compare.h"
#include "checkpoint/convert.h"
#include "checkpoint/gguf_export.h"
#include "checkpoint/vocabulary.h"
#include "common/signals.h"
#include "common/text_table.h"
#include "common/tool.h"
#include "convert/calibration_text.h"
#include "convert/options.h"
#include "convert/receipt.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "core/printable.h"
#include "core/stopwatch.h"
#include "inspect/print.h"
#include "model/architecture.h"
#include "model/model.h"

namespace {

using namespace rwkv;

constexpr const char* kName = "rwkv-convert";

ProgressCallback progress_of(Progress& progress) {
  constexpr uint64_t kMegabyte = 1'000'000;
  return [&progress](uint64_t done, uint64_t total) {
    throw_if_stopped();
    progress.update(done / kMegabyte, total / kMegabyte);
  };
}

std::string joined(std::span<const std::string> texts) {
  std::string text;
  for (const auto& part : texts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

void print_plan(const ConversionPlan& plan) {
  TextTable table({{"tensor"},
                   {"shape"},
                   {"from"},
                   {"to"},
                   {"size", TextTable::Align::kRight},
                   {"in the file"},
                   {"steps"}});
  uint64_t n_weights = 0, bytes = 0;
  for (const auto& [source, spec, calibrated] : plan.tensors) {
    const std::string from =
        source.origin.type.empty() ? form_name(source.dtype, source.layout) : source.origin.type;
    table.add({printable(spec.name), to_string(spec.shape), from, form_name(spec.dtype, spec.layout),
               size_text(byte_size(spec)), printable(source.origin.name), joined(source.origin.transforms)});
    n_weights += element_count(spec.shape);
    bytes += byte_size(spec);
  }
  table.print(std::cout);
  if (!plan.calibration.empty()) std::cout << "calibrated by " << calibration_mark(plan.calibration) << '\n';
  for (const auto& name : plan.dropped) std::cout << "dropped: " << printable(name) << '\n';
  char bits[32];
  std::snprintf(bits, sizeof bits, "%.2f", bits_a_weight(bytes, n_weights));
  std::cout << plan.tensors.size() << " tensors, " << size_text(bytes) << ", " << bits << " bits a weight\n";
}

void write_file(const std::string& path, const std::string& text) {
  AtomicFile file(path, {.is_text = true});
  file.write(text);
  file.commit();
}

void print_summary(const ConvertSummary& summary, double seconds) {
  char text[100];
  std::snprintf(text, sizeof text, ": %zu tensors, %.1f MB, %.1f s\n", summary.n_tensors,
                static_cast<double>(summary.bytes) / 1e6, seconds);
  std::cerr << kName << text;
}

int check(const ConversionPlan& plan, const ConvertToolOptions& options) {
  Progress progress("checking", "MB", options.quiet);
  const bool report = !options.report.empty();
  const auto result = read_back(plan, options.out, options.check, report, progress_of(progress));
  if (report) write_file(options.report, receipt_text(plan, options.out, result));
  bool same = true;
  for (const TensorError& error : result.errors) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "\t%.9g\t%.9g\n", error.max, error.rms);
    if (options.check) std::cout << printable(error.name) << numbers;
    same = same && error.as_converted;
  }
  return same ? kSuccess : kFailure;
}

void warn(const std::string& message) { std::cerr << kName << ": warning: " << message << '\n'; }

// Reports a file that would not load as a model before it is written; refuses the file unless tensors are
// dropped on purpose, or nothing is written.
void check_source(TensorFile& in, const ConversionPlan& plan, const ConvertToolOptions& options) {
  if (!holds_model(in)) return;
  in.drop([&](const TensorView& tensor) { return std::ranges::count(plan.dropped, tensor.name) > 0; });
  try {
    if (const auto warning = check_model(in).warning) warn(options.in + ": " + *warning);
  } catch (const Error& e) {
    if (!options.dry_run && plan.dropped.empty()) throw;
    warn(e.what());
  }
  for (const TensorView& tensor : in.tensors()) in.release(tensor.bytes);  // pages that the check has read
}

ConvertSummary convert_with_progress(const ConversionPlan& plan, const ConvertToolOptions& options,
                                     const Tokenizer* vocabulary) {
  Progress progress("converting", "MB", options.quiet);
  if (!options.to_gguf) return convert(plan, options.out, progress_of(progress));
  return export_gguf(plan, options.out, vocabulary, progress_of(progress));
}

void warn_of_overflow(const ConvertSummary& summary) {
  if (summary.n_overflowed == 0) return;
  warn(std::to_string(summary.n_overflowed) + " values out of range became infinite, the first in " +
       tensor_label(summary.overflowed_tensor));
}

int dry_run(const ConversionPlan& plan, const ConvertToolOptions& options) {
  print_plan(plan);
  if (!options.report.empty()) write_file(options.report, receipt_text(plan, {}, {}));
  return kSuccess;
}

int extract_vocabulary(const ConvertToolOptions& options) {
  const std::string lines = with_context(options.in, [&] {
    const MappedFile file = MappedFile::open(options.in, FileAccess::kMap, stop_requested);
    if (!looks_like_gguf(file.bytes())) throw Error(ErrorKind::kFormat, "has no vocabulary: want GGUF");
    return world_vocabulary_of(read_gguf_header(file.bytes()));
  });
  write_file(options.extracted, lines);
  return kSuccess;
}

int run(ConvertToolOptions options) {
  if (!options.extracted.empty()) return extract_vocabulary(options);
  const Stopwatch watch;
  apply_target_environment();
  if (!options.dry_run) check_output(options.out);
  if (!options.report.empty()) check_output(options.report, true);
  TensorFile in = TensorFile::open(options.in, FileAccess::kMap, stop_requested);
  const auto vocabulary =
      options.vocabulary.empty() ? nullptr : load_vocabulary(options.vocabulary, stop_requested);
  if (vocabulary != nullptr) {
    with_context(options.vocabulary, [&] { vocabulary->check_fits(detect_model(in).n_vocab); });
    options.convert.metadata.emplace(kVocabularyKey, vocabulary_mark(*vocabulary));
  }
  if (!options.calibration.empty()) {
    options.convert.calibration =
        read_calibration_text(options.calibration, vocabulary.get(), detect_model(in).n_vocab);
  }
  ConversionPlan plan = plan_conversion(in, options.convert);
  check_source(in, plan, options);
  if (options.to_gguf) fit_to_gguf(plan);
  if (options.dry_run) return dry_run(plan, options);
  const ConvertSummary summary = convert_with_progress(plan, options, vocabulary.get());
  warn_of_overflow(summary);
  if (!options.quiet) print_summary(summary, watch.seconds());
  return options.check || !options.report.empty() ? check(plan, options) : kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool(kName, [&]() -> int {
    const auto options = parse_convert_options(argc, argv);
    if (!options) return kSuccess;
    if (options->in == "/dev/stdin") tell_of_terminal("a checkpoint");
    return options->check ? run_comparison([&] { return run(*options); }) : run(*options);
  });
}
