#include "model/heads.h"

#include <algorithm>

namespace rwkv {
namespace {

constexpr size_t kMaxHeadSize = 1024;

}  // namespace

size_t dimension(const TensorFile& file, std::string_view name, size_t axis) {
  const TensorView& tensor = file.at(name);
  if (axis >= tensor.shape.size() || tensor.shape[axis] == 0) {
    file.fail("tensor " + tensor.name + ": shape " + to_string(tensor.shape) + ", want more dimensions");
  }
  return tensor.shape[axis];
}

void read_heads(const TensorFile& file, size_t n_heads, ModelInfo& info) {
  if (n_heads == 0 || info.n_att % n_heads != 0) {
    file.fail(std::to_string(n_heads) + " heads do not divide a width of " + std::to_string(info.n_att));
  }
  // No model has such heads, and their states would be far larger than the file.
  if (info.n_att / n_heads > std::max<size_t>(info.n_embd, kMaxHeadSize)) {
    file.fail(std::to_string(n_heads) + " heads of " + std::to_string(info.n_att / n_heads) +
              ", want heads of at most " + std::to_string(std::max<size_t>(info.n_embd, kMaxHeadSize)));
  }
  info.n_heads = n_heads;
  info.head_size = info.n_att / n_heads;
  info.group_norm_eps = kGroupNormEps;
}

std::vector<StatePart> head_state_parts(const ModelInfo& info) {
  return {{"att_x", {info.n_embd}},
          {"S", {info.n_heads, info.head_size, info.head_size}},
          {"ffn_x", {info.n_embd}}};
}

}  // namespace rwkv
