// Adapters and tuned states put into a checkpoint.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "formats/tensor_file.h"
#include "model/tuned_state.h"

namespace rwkv {

// Of the lists behind `files` each value goes to the first file that takes one and has none yet.
struct MergeOptions {
  std::vector<std::filesystem::path> files = {};     // in their order; a folder is one that PEFT wrote
  std::vector<double> alphas = {};                   // for LoRAs whose files do not tell it
  std::vector<std::filesystem::path> initials = {};  // PiSSA's; else init_pissa.pth beside the file
  std::vector<StateOrder> state_orders = {};         // else judged by the container
};

// What a file was.
struct MergedFile {
  std::string path, kinds;  // "LoRA", "Bone, replaced tensors", "tuned state"
  std::optional<StateOrder> state_order = {};
  size_t n_tensors = 0;
};

// The adapter's file in a folder that PEFT wrote; any other path itself.
std::filesystem::path adapter_file(const std::filesystem::path& path);
// "LoRA, rank 8" for a file that holds parts of adapters, else empty.
std::string adapter_description(const TensorFile& file);

// A tensor of the result.
struct MergedTensor {
  TensorView view;  // as it lies in a file, or a source of f32; what was done is in its origin
  // As what it is to be written unless something else is asked for: as the tensor that it began as.
  DType dtype = view.dtype;
  Layout layout = view.layout;
};

// Reads headers only. Every tensor of an adapter finds its place, or is an Error kFormat that names the
// adapter and the tensor; kUsage: an option is missing, or of no use to any. Keeps the adapters' files
// open; the base must outlive it.
class Merge {
 public:
  Merge(const TensorFile& base, const MergeOptions& options);

  // The base's in their order, then those that are new. All steps are taken in f32, in order; the bits depend
  // on nothing but the files. Reading takes the memory of a few rows of the parts.
  std::span<const MergedTensor> tensors() const { return tensors_; }
  std::span<const MergedFile> files() const { return files_; }

 private:
  std::vector<std::unique_ptr<TensorFile>> adapters_;
  std::vector<MergedTensor> tensors_;
  std::vector<MergedFile> files_;
};

}  // namespace rwkv
