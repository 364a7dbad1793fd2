// Writes safetensors, tensor by tensor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/atomic_file.h"
#include "tensor/tensor_spec.h"
#include "tensor/tensor_view.h"

namespace rwkv {

constexpr const char* kPackedFormatKey = "rwkv.format";
constexpr const char* kPackedFormat = "2";
constexpr const char* kPackedKey = "rwkv.packed";

// The same tensors and metadata give the same bytes. The data begins at a multiple of 64 bytes, and so does
// every tensor whose size is one: they come first. The others are aligned to their elements. Packed matrices
// (tensor/packed_layout.h) are stored as plain tensors, for readers that do not know them (plain_form()); the
// metadata describes them under two keys of this project:
//   rwkv.format  "2"
//   rwkv.packed  a JSON object: {name: {"dtype": "q8", "layout": "tiles", "shape": [outputs, inputs]}, ...}
class SafetensorsWriter {
 public:
  // Writes the header. Error kFormat: a name that safetensors cannot hold, or metadata with one of these two
  // keys; kIo; kInterrupted (AtomicFile).
  SafetensorsWriter(const std::filesystem::path& target, std::vector<TensorSpec> tensors,
                    const std::map<std::string, std::string>& metadata, const StopPredicate& stop = {});

  // In the order of writing; the bytes of each are packed and row-major, or as laid out.
  std::span<const TensorSpec> tensors() const { return tensors_; }
  void write(std::span<const std::byte> bytes);
  // Call after the last byte of the last tensor. Without this call nothing appears at the target.
  void commit();

 private:
  AtomicFile file_;
  std::vector<TensorSpec> tensors_;
  uint64_t missing_bytes_ = 0;
};

// Writes the whole file at once.
void write_safetensors(const std::filesystem::path& target, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace rwkv
