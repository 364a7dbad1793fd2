// Writes checkpoints as torch.save() does.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace rwkv {

// Makes the elements [first, first + values.size()) of a storage.
using FillValues = std::function<void(uint64_t first, std::span<float> values)>;

// Element i is one of 256 fractions between -2 and 2, which every floating-point type holds exactly.
void fill_plain(uint64_t first, std::span<float> values);

struct PthTensor {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::vector<uint64_t> strides = {};  // empty: packed
  uint64_t offset = 0;                 // in elements
  std::string storage = {};            // tensors with the same key share one; empty: of its own
  uint64_t storage_elements = 0;       // 0: as many as the tensor reaches
  FillValues fill = fill_plain;        // of the storage; the first tensor's counts
};

struct PthOptions {
  int protocol = 2;
  bool ordered = false;      // an OrderedDict, with the attribute _metadata
  bool parameters = false;   // each tensor within _rebuild_parameter
  std::string wrapper = {};  // the key under which the dict lies in the top dict; empty: it is the top
  std::string extra = {};    // opcodes of further keys and values of the (inner) dict
  bool zip64 = false;        // as ZipWriter
};

// The zip form. Streams: memory is a few megabytes whatever the size.
void write_pth(std::ostream& out, std::span<const PthTensor> tensors, const PthOptions& options = {});
void write_pth(const std::filesystem::path& path, std::span<const PthTensor> tensors,
               const PthOptions& options = {});
std::string pth_zip(std::span<const PthTensor> tensors, const PthOptions& options = {});
std::string pth_legacy(std::span<const PthTensor> tensors, const PthOptions& options = {});

// The pickle alone, as it is in the zip form.
std::string pth_pickle(std::span<const PthTensor> tensors, const PthOptions& options = {});

}  // namespace rwkv
