#include "model/architecture.h"

#include <algorithm>
#include <array>

#include "core/checked_math.h"
#include "core/error.h"

namespace rwkv {
namespace {

const std::array kArchitectures = {&kRwkv7, &kRwkv6, &kRwkv5, &kRwkv4};

constexpr auto kModelTensors = std::to_array<TensorRole>({
    {"emb.weight", Role::kTable},
    {"head.weight", Role::kMatrix},
    {"ln_out.weight"},
    {"ln_out.bias"},
});

// Tensors by which experiments are recognised, and the experiments' names.
struct Relative {
  std::string_view tensor, what;
};
constexpr std::array kUnsupported = {
    Relative{"blocks.0.ffnPre.key.weight", "a model trained with pre_ffn"},
    Relative{"blocks.0.tiny_att.weight", "a model with tiny attention"},
    Relative{"head_q.weight", "a model with head_q"},
    Relative{"pos_emb_x", "a model with positional embeddings"},
    Relative{"blocks.0.att.time_mix_qq", "RWKV-4b (time_mix_qq)"},
    Relative{"blocks.0.att.time_maa_rkvw_w1", "experimental RWKV-6.0c"},
    Relative{"blocks.0.qkv.qq.weight", "experimental RWKV-7b (DEA attention)"},
    Relative{"blocks.0.ffn.enn.weight", "experimental RWKV-8 rc00"},
    Relative{"layers.0.self_attn.time_maa_x", "the hybrid rwkv6qwen2"},
    Relative{"layers.0.self_attn.time_mixer.r_k", "the hybrid arwkv7"},
};

size_t count_layers(const TensorFile& file) {
  uint64_t n = 0;
  for (const auto& tensor : file.tensors()) {
    const LayerName name = layer_name_of(tensor.name);
    if (!name.rest.empty()) n = std::max(n, checked_add(name.layer, 1));
  }
  // A layer has many tensors, so a larger number is a hostile name, not a model.
  if (n == 0 || n > file.tensors().size()) file.fail("not an RWKV model: layers are not numbered from 0");
  return n;
}

const Shape& matrix_shape(const TensorFile& file, std::string_view name) {
  const TensorView& tensor = file.at(name);
  if (tensor.shape.size() != 2 || element_count(tensor.shape) == 0) {
    file.fail("tensor " + tensor.name + ": shape " + to_string(tensor.shape) + ", want a matrix");
  }
  return tensor.shape;
}

ModelInfo common_info(const TensorFile& file) {
  ModelInfo info;
  info.n_vocab = matrix_shape(file, "emb.weight")[0];
  info.n_embd = matrix_shape(file, "emb.weight")[1];
  info.n_att = matrix_shape(file, "blocks.0.att.key.weight")[0];
  info.n_ffn = matrix_shape(file, "blocks.0.ffn.key.weight")[0];
  info.n_layers = count_layers(file);
  return info;
}

[[noreturn]] void refuse(const TensorFile& file, std::string_view what, std::string_view tensor) {
  throw Error(ErrorKind::kUnsupported, file.path() + ": " + std::string(what) + " is not supported (tensor " +
                                           std::string(tensor) + ")");
}

std::string named_by(const TensorFile& file) {
  if (file.naming().empty()) return "";
  return ", though its names are those of " + std::string(file.naming());
}

void refuse_relatives(const TensorFile& file) {
  for (const auto& [tensor, what] : kUnsupported) {
    const std::string name(tensor), wrapped = "model." + name;  // the latter in a hybrid only
    if (file.find(name) != nullptr || file.find(wrapped) != nullptr) refuse(file, what, name);
  }
  constexpr std::string_view kMixOnly = "blocks.0.att.time_maa_k";  // 6.0a and 6.0b have no low-rank mix
  if (file.find(kMixOnly) != nullptr && file.find("blocks.0.att.time_maa_x") == nullptr) {
    refuse(file, "experimental RWKV-6.0a or 6.0b", kMixOnly);
  }
}

// In a sensible model a state is as large as a few rows of the weights; a small file whose shapes ask for a
// large state is hostile.
void check_state_size(const TensorFile& file, const Architecture& architecture, const ModelInfo& info) {
  constexpr uint64_t kStateBytesOfWeightByte = 16, kAlwaysAllowed = 1 << 20;
  uint64_t weight_bytes = 0;
  for (const auto& tensor : file.tensors()) weight_bytes += tensor.bytes.size();
  const uint64_t n_bytes = with_context(
      file.path(), [&] { return State::byte_size(architecture.state_parts(info), info.n_layers); });
  if (n_bytes <= kAlwaysAllowed || n_bytes / kStateBytesOfWeightByte <= weight_bytes) return;
  file.fail("shapes ask for a state of " + std::to_string(n_bytes) + " bytes, which a model of " +
            std::to_string(weight_bytes) + " bytes cannot have");
}

}  // namespace

std::span<const Architecture* const> architectures() { return kArchitectures; }
std::span<const TensorRole> model_tensors() { return kModelTensors; }

const Architecture& architecture_of(const TensorFile& file) {
  refuse_relatives(file);
  for (const char* name : {"emb.weight", "blocks.0.att.key.weight", "blocks.0.ffn.key.weight"}) {
    if (file.find(name) == nullptr) file.fail("not an RWKV model" + named_by(file) + ": no tensor " + name);
  }
  const auto found = std::ranges::find_if(kArchitectures, [&](const auto* a) { return a->recognises(file); });
  if (found == kArchitectures.end())
    file.fail("an RWKV version that is not supported, or only a part of a model: tensors are missing");
  return **found;
}

ModelInfo detect_model(const TensorFile& file) {
  const Architecture& architecture = architecture_of(file);
  ModelInfo info = common_info(file);
  architecture.read_info(file, info);
  check_state_size(file, architecture, info);
  return info;
}

}  // namespace rwkv
