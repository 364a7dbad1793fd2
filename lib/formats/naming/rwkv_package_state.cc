// The state of the rwkv package, saved by torch.save(state): a list of tensors, three or, for RWKV-4, five a
// layer.
#include <array>
#include <charconv>
#include <string>

#include "formats/naming/naming.h"

namespace rwkv {
namespace {

constexpr auto kParts = std::to_array<std::string_view>({"att_x", "S", "ffn_x"});
constexpr auto kParts4 = std::to_array<std::string_view>({"att_x", "aa", "bb", "pp", "ffn_x"});

// Names are "0", "1" ...
bool is_list(const TensorList& list) {
  for (size_t i = 0; i < list.tensors.size(); ++i) {
    if (list.tensors[i].name != std::to_string(i)) return false;
  }
  return !list.tensors.empty();
}

std::span<const std::string_view> parts_of(const TensorList& list) {
  const auto& tensors = list.tensors;
  if (tensors.size() > 1 && tensors[1].shape.size() >= 3) return kParts;
  return kParts4;
}

bool recognises(const NamedTensors& file) {
  return is_list(file.list) && file.list.tensors.size() % parts_of(file.list).size() == 0;
}

// As state files of our own have them.
void rename(TensorList& list) {
  const auto parts = parts_of(list);
  for (size_t i = 0; i < list.tensors.size(); ++i) {
    TensorView& tensor = list.tensors[i];
    tensor.origin.name = tensor.name;
    tensor.name = "layers." + std::to_string(i / parts.size()) + "." + std::string(parts[i % parts.size()]);
  }
}

}  // namespace

const Naming kRwkvPackageState{"state of the rwkv package", recognises, {}, rename};

}  // namespace rwkv
