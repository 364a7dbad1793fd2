#include "formats/naming/prefixes.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace rwkv {
namespace {

// In front of a name, in any order, any number of times.
constexpr auto kPrefixes = std::to_array<std::string_view>({
    "module.",      // DataParallel, DeepSpeed
    "model.",       // Lightning, Hugging Face, PEFT
    "base_model.",  // PEFT
    "rwkv.",        // Hugging Face, VisualRWKV
    "rwkv7.",       // Hugging Face
});

// Anywhere in a name: no layer of a model is called so.
constexpr auto kWrappers = std::to_array<std::string_view>({
    "_orig_mod.",                   // torch.compile
    "_forward_module.",             // Lightning's strategies
    "_fsdp_wrapped_module.",        // FSDP
    "_checkpoint_wrapped_module.",  // activation checkpoints
});

void erase_wrappers(std::string& name) {
  for (const auto wrapper : kWrappers) {
    for (size_t at = 0; (at = name.find(wrapper, at)) != name.npos;) {
      if (at == 0 || name[at - 1] == '.') {
        name.erase(at, wrapper.size());
      } else {
        ++at;
      }
    }
  }
}

}  // namespace

std::string without_prefixes(std::string name) {
  erase_wrappers(name);
  std::string_view rest = name;
  const auto prefix_of = [&] {
    return std::ranges::find_if(kPrefixes, [&](std::string_view p) { return rest.starts_with(p); });
  };
  for (auto prefix = prefix_of(); prefix != kPrefixes.end(); prefix = prefix_of())
    rest.remove_prefix(prefix->size());
  return std::string(rest);
}

TensorList without_prefixes(const TensorList& list) {
  TensorList result = list;
  for (TensorView& tensor : result.tensors) {
    std::string name = without_prefixes(tensor.name);
    if (name == tensor.name) continue;
    if (tensor.origin.name.empty()) tensor.origin.name = tensor.name;
    tensor.name = std::move(name);
  }
  return result;
}

bool is_block_name(std::string_view name) {
  constexpr std::string_view kBlocks = "blocks.";
  if (name == "emb.weight") return true;
  if (!name.starts_with(kBlocks)) return false;
  name.remove_prefix(kBlocks.size());
  const size_t digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != name.npos && name[digits] == '.';
}

}  // namespace rwkv
