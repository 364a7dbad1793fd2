// Fuzzes adapters: any bytes as an adapter of a small model, and as PEFT's configuration beside it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/merge.h"
#include "checkpoint/peft_config.h"
#include "core/error.h"
#include "formats/safetensors_writer.h"

namespace {

using namespace rwkv;

// A file in memory that a path leads to.
struct MemoryFile {
  int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  MemoryFile() = default;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd); }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd); }
};

const TensorFile& base() {
  static const TensorFile base = [] {
    const std::vector<float> zeros(16 * 8);
    const auto bytes = std::as_bytes(std::span(zeros));
    const std::vector<TensorView> tensors = {
        {"blocks.0.ffn.key.weight", DType::kF32, {16, 8}, bytes},
        {"blocks.0.att.key.weight", DType::kF32, {8, 8}, bytes.first(256)},
        {"emb.weight", DType::kF32, {4, 8}, bytes.first(128)},
        {"blocks.0.ln1.weight", DType::kF32, {8}, bytes.first(32)}};
    const auto path = std::filesystem::temp_directory_path() / ("fuzz_adapter." + std::to_string(::getpid()));
    write_safetensors(path, tensors, {});
    TensorFile opened = TensorFile::open(path);
    std::filesystem::remove(path);
    return opened;
  }();
  return base;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    parse_peft_config({reinterpret_cast<const char*>(data), size}).alpha_of("blocks.0.att.key");
  } catch (const Error&) {
  }
  const MemoryFile adapter;
  // alphas left over are an Error like any other
  if (size == 0 || ::write(adapter.fd, data, size) != static_cast<ssize_t>(size)) return 0;
  try {
    const Merge merge(base(), {.files = {adapter.path()}, .alphas = {2}});
    for (const MergedTensor& tensor : merge.tensors()) {
      std::vector<std::byte> scratch;
      packed_bytes(tensor.view, scratch);
    }
  } catch (const Error&) {
  }
  return 0;
}
