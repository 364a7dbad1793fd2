// Writes GGUF, version 3, tensor by tensor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/atomic_file.h"
#include "formats/ggml_types.h"
#include "tensor/dtype.h"

namespace rwkv {

// Metadata in the order of the calls. Keys must be unique.
class GgufMetadata {
 public:
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, uint32_t number);
  void add(std::string_view key, float number);
  void add(std::string_view key, std::span<const std::string> texts);
  void add(std::string_view key, std::span<const int32_t> numbers);

 private:
  friend class GgufWriter;
  std::string bytes_;
  uint64_t count_ = 0;
};

// Describes a tensor to be written.
struct GgufSpec {
  std::string name;  // unique
  const GgmlType* type;
  Shape shape;  // row-major; at most four dimensions; rows are whole blocks
};

// The same tensors and metadata give the same bytes.
class GgufWriter {
 public:
  // Writes the header. `stop` ends the wait for a pipe's reader. Error kFormat: a size overflows; kIo.
  GgufWriter(const std::filesystem::path& target, std::vector<GgufSpec> tensors, const GgufMetadata& metadata,
             const StopPredicate& stop = {});

  // In the order of writing, which is the constructor's.
  std::span<const GgufSpec> tensors() const { return tensors_; }
  // The next bytes of the next tensor.
  void write(std::span<const std::byte> bytes);
  // After the last byte of a tensor.
  void end_tensor();
  // After the last tensor. Without it nothing appears at the target.
  void commit();

 private:
  AtomicFile file_;
  std::vector<GgufSpec> tensors_;
  size_t n_done_ = 0;
  uint64_t written_bytes_ = 0;  // of the tensor in progress
};

}  // namespace rwkv
