// rwkv-make-model: writes a synthetic checkpoint of a released size, for benchmarks.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "common/command_line.h"
#include "common/tool.h"
#include "core/available_threads.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "formats/safetensors_writer.h"
#include "support/pth_builder.h"
#include "synthetic_model.h"
#include "tensor/cast.h"

namespace rwkv {
namespace {

constexpr size_t kBlockElements = size_t{4} << 20;
constexpr size_t kGrainElements = size_t{64} << 10;  // of the work of one thread

struct Options {
  std::vector<std::string> operands;
  DType dtype = DType::kBf16;
  uint64_t seed = 1;
  bool list = false;
};

const ToolText kTool{
    .name = "rwkv-make-model",
    .summary = "write a synthetic checkpoint of a released size",
    .usage = "rwkv-make-model SIZE OUT [options]\nrwkv-make-model --list",
    .examples = "rwkv-make-model 7-0.4B model.pth\nrwkv-make-model 4-169M model.safetensors --dtype f32"};

std::vector<std::string> dtype_names() { return {"bf16", "f16", "f32"}; }

const Option<Options> kOptions[] = {
    {{"dtype", 0, "", "TYPE", name_of(dtype_names), "options", "bf16 (default), f16 or f32", "", true},
     [](Options& o, const OptionValue& v) { o.dtype = find_dtype(v.text())->dtype; }},
    {{"seed", 0, "", "N", whole(0), "options", "of the random weights (default 1)", "", true},
     [](Options& o, const OptionValue& v) { o.seed = v.whole(); }},
    {{"list", 0, "", "", kSwitchType, "options", "print the sizes there are", "", true},
     [](Options& o, const OptionValue& v) { o.list = v.on(); }},
};

// The elements [first, first + out.size()) of a tensor, made by all threads.
void fill(const SyntheticTensor& tensor, uint64_t first, std::span<float> out, ThreadPool& pool) {
  throw_if_stopped();
  pool.for_ranges(out.size(), kGrainElements, [&](size_t begin, size_t end) {
    tensor.fill(first + begin, out.subspan(begin, end - begin));
  });
}

void write_as_safetensors(const std::vector<SyntheticTensor>& tensors, DType dtype, const std::string& path,
                          ThreadPool& pool) {
  std::vector<TensorSpec> specs;
  for (const SyntheticTensor& t : tensors) specs.push_back({t.name, dtype, t.shape});
  SafetensorsWriter writer(path, std::move(specs), {{"format", "pt"}});
  std::vector<float> block(kBlockElements);
  std::vector<std::byte> bytes(kBlockElements * dtype_info(dtype).bytes);
  for (const TensorSpec& spec : writer.tensors()) {
    const SyntheticTensor& tensor = *std::ranges::find(tensors, spec.name, &SyntheticTensor::name);
    const uint64_t count = element_count(spec.shape);
    for (uint64_t i = 0; i < count; i += kBlockElements) {
      const auto part = std::span(block).first(std::min<uint64_t>(kBlockElements, count - i));
      const auto part_bytes = std::span(bytes).first(part.size() * dtype_info(dtype).bytes);
      fill(tensor, i, part, pool);
      cast_elements(DType::kF32, std::as_bytes(part), dtype, part_bytes);
      writer.write(part_bytes);
    }
  }
  writer.commit();
}

void write_as_pth(const std::vector<SyntheticTensor>& tensors, DType dtype, const std::string& path,
                  ThreadPool& pool) {
  std::vector<PthTensor> specs;
  for (const SyntheticTensor& t : tensors) {
    const auto make = [&t, &pool](uint64_t first, std::span<float> out) { fill(t, first, out, pool); };
    specs.push_back({.name = t.name, .dtype = dtype, .shape = t.shape, .fill = make});
  }
  write_pth(std::filesystem::path(path), specs);
}

int list_sizes() {
  for (const ModelSize& size : model_sizes()) {
    std::cout << size.name << "\tversion " << size.version << ", " << size.n_layers << " layers, width "
              << size.n_embd << ", vocabulary " << size.n_vocab << '\n';
  }
  return kSuccess;
}

int run(int argc, const char* const* argv) {
  Options options;
  CommandLine line(kTool);
  line.add(kOptions, options);
  line.add_operands(options.operands, 2);
  if (!line.parse(argc, argv)) return kSuccess;
  if (options.list) return list_sizes();

  if (options.operands.size() != 2) usage_error("want two operands, SIZE and OUT");
  const ModelSize* size = find_model_size(options.operands[0]);
  if (size == nullptr) usage_error("unknown size '" + options.operands[0] + "', want one of --list");
  const auto tensors = synthetic_tensors(*size, options.seed);
  const std::string& path = options.operands[1];
  ThreadPool pool(available_threads());
  const auto write = path.ends_with(".pth") ? write_as_pth : write_as_safetensors;
  write(tensors, options.dtype, path, pool);
  return kSuccess;
}

}  // namespace
}  // namespace rwkv

int main(int argc, char** argv) {
  return rwkv::run_tool("rwkv-make-model", [&] { return rwkv::run(argc, argv); });
}
