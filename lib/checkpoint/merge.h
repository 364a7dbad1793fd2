// Puts adapters and tuned states into a checkpoint.
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

// Each value of the lists after `files` belongs to the first file that needs one and has none yet.
struct MergeOptions {
  std::vector<std::filesystem::path> files = {};  // in the order of merging; a folder is one that PEFT wrote
  std::vector<double> alphas = {};                // for LoRAs whose files do not give alpha
  std::vector<std::filesystem::path> initials = {};  // PiSSA's; default: init_pissa.pth beside the file
  std::vector<StateOrder> state_orders = {};         // default: judged by the container
};

// Describes a merged file.
struct MergedFile {
  std::string path, kinds;  // "LoRA", "Bone, replaced tensors", "tuned state"
  std::optional<StateOrder> state_order = {};
  size_t n_tensors = 0;
};

// The adapter's file in a folder that PEFT wrote; any other path unchanged.
std::filesystem::path adapter_file(const std::filesystem::path& path);
// "LoRA, rank 8" for a file that holds parts of adapters, else empty.
std::string adapter_description(const TensorFile& file);

// A tensor of the merged checkpoint.
struct MergedTensor {
  TensorView view;  // as a file holds it, or a source of f32; its origin lists what was done
  // The dtype to write unless the caller wants another: that of the original tensor.
  DType dtype = view.dtype;
  Layout layout = view.layout;
};

// Reads headers only. Every tensor of an adapter must have a place in the model, else Error kFormat names the
// adapter and the tensor; kUsage: an option is missing or unused. Keeps the adapters' files open; the base
// must outlive it.
class Merge {
 public:
  Merge(const TensorFile& base, const MergeOptions& options);

  // The base's tensors in their order, then new ones. All changes are computed in f32, in order; the bits
  // depend only on the files. Reading needs memory for a few rows of the adapter's parts.
  std::span<const MergedTensor> tensors() const { return tensors_; }
  std::span<const MergedFile> files() const { return files_; }

 private:
  std::vector<std::unique_ptr<TensorFile>> adapters_;
  std::vector<MergedTensor> tensors_;
  std::vector<MergedFile> files_;
};

}  // namespace rwkv
