#include "model/tensor_role.h"

#include <algorithm>
#include <charconv>

#include "model/architecture.h"

namespace rwkv {
namespace {

const TensorRole* find_in(std::span<const TensorRole> roles, std::string_view name) {
  const auto found = std::ranges::find(roles, name, &TensorRole::name);
  return found == roles.end() ? nullptr : &*found;
}

}  // namespace

Layout packed_layout_of(Role role) {
  switch (role) {
    case Role::kMatrix:
      return Layout::kTiles;
    case Role::kSparseInput:
      return Layout::kLines;
    case Role::kLowRank:
      return Layout::kTurnedTiles;
    default:
      return Layout::kOutIn;
  }
}

const TensorRole* find_role(std::string_view tensor_name) {
  const LayerName in_layer = layer_name_of(tensor_name);
  if (in_layer.rest.empty()) return find_in(model_tensors(), tensor_name);
  for (const Architecture* architecture : architectures()) {
    if (const TensorRole* role = find_in(architecture->layer_tensors, in_layer.rest)) return role;
  }
  return nullptr;
}

LayerName layer_name_of(std::string_view tensor_name) {
  constexpr std::string_view kPrefix = "blocks.";
  LayerName name;
  if (!tensor_name.starts_with(kPrefix)) return name;
  const char* end = tensor_name.data() + tensor_name.size();
  const auto [rest, error] = std::from_chars(tensor_name.data() + kPrefix.size(), end, name.layer);
  if (error == std::errc() && rest != end && *rest == '.') name.rest = {rest + 1, end};
  return name;
}

}  // namespace rwkv
