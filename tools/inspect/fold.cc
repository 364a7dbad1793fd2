#include "inspect/fold.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "model/tensor_role.h"

namespace rwkv {
namespace {

// "0-3,5"
std::string ranges_text(std::vector<uint64_t> numbers) {
  std::ranges::sort(numbers);
  std::string text;
  for (size_t begin = 0, end = 0; begin < numbers.size(); begin = end) {
    for (end = begin + 1; end < numbers.size() && numbers[end] == numbers[end - 1] + 1;) ++end;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[begin]);
    if (end - begin > 1) text += "-" + std::to_string(numbers[end - 1]);
  }
  return text;
}

// The first number between dots that is the layer's becomes the layers of all.
std::string with_layers(const std::string& name, uint64_t layer, const std::string& layers) {
  const std::string number = "." + std::to_string(layer) + ".";
  const size_t at = name.find(number);
  return at == name.npos ? name : name.substr(0, at + 1) + layers + name.substr(at + number.size() - 1);
}

using Key = std::tuple<std::string_view, DType, Layout, Shape>;

}  // namespace

std::vector<TensorGroup> fold_layers(std::span<const TensorView> tensors) {
  std::vector<TensorGroup> groups;
  std::vector<std::vector<uint64_t>> layers;  // of each group
  std::map<Key, size_t> known;
  for (const TensorView& tensor : tensors) {
    const LayerName name = layer_name_of(tensor.name);
    const bool named = !name.rest.empty();
    size_t at = groups.size();
    if (named) {
      at = known.try_emplace(Key{name.rest, tensor.dtype, tensor.layout, tensor.shape}, at).first->second;
    }
    if (at == groups.size()) {
      groups.push_back({tensor.name, tensor.origin.name, &tensor, 0, 0});
      layers.emplace_back();
    }
    if (named) layers[at].push_back(name.layer);
    ++groups[at].count;
    groups[at].bytes += byte_size(tensor);
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].count < 2) continue;
    const std::string text = ranges_text(layers[i]);
    groups[i].name = with_layers(groups[i].name, layers[i].front(), text);
    groups[i].source_name = with_layers(groups[i].source_name, layers[i].front(), text);
  }
  return groups;
}

}  // namespace rwkv
