// GGUF as llama.cpp's converter and rwkv-mobile's write it (gguf_names.h).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/printable.h"
#include "formats/naming/gguf_names.h"
#include "formats/naming/naming.h"
#include "tensor/derived_view.h"

namespace rwkv {
namespace {

using Metadata = std::map<std::string, std::string>;

constexpr const char* kArchitectureKey = "general.architecture";
// A Qwen model with RWKV's time mix in place of its attention.
constexpr auto kHybrids = std::to_array<std::string_view>({"rwkv6qwen2", "arwkv7"});
// Tensors of layer 0 that nothing uses, and which are copies of others.
constexpr auto kCopies7 = std::to_array<std::string_view>({"att.v0", "att.v1", "att.v2"});

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::kUnsupported, message); }

std::optional<uint64_t> number_in(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

uint64_t number_at(const Metadata& metadata, const std::string& key, uint64_t otherwise) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? otherwise : number_in(found->second).value_or(otherwise);
}

const GgufArchitecture& architecture_in(const Metadata& metadata) {
  const auto entry = metadata.find(kArchitectureKey);
  const std::string name = entry == metadata.end() ? "" : entry->second;
  const auto table = gguf_architectures();
  const auto found = std::ranges::find(table, name, &GgufArchitecture::name);
  if (found != table.end()) return *found;
  const bool hybrid = std::ranges::find(kHybrids, name) != kHybrids.end();
  refuse("GGUF architecture '" + printable(name) + "'" + (hybrid ? ", a Qwen with RWKV's time mix," : "") +
         " is not supported: want rwkv6 or rwkv7");
}

// "blk.N." in front of a layer's tensor; no `rest` for other names.
struct TheirName {
  uint64_t layer = 0;
  std::string_view rest = {};
};
TheirName split_name(std::string_view name) {
  constexpr std::string_view kLayers = "blk.";
  if (!name.starts_with(kLayers)) return {};
  name.remove_prefix(kLayers.size());
  const size_t dot = std::min(name.find('.'), name.size());
  const auto layer = number_in(name.substr(0, dot));
  return layer && dot < name.size() ? TheirName{*layer, name.substr(dot + 1)} : TheirName{};
}

class Renaming {
 public:
  explicit Renaming(const Metadata& metadata)
      : architecture_(architecture_in(metadata)),
        head_size_(number_at(metadata, key(".wkv.head_size"), 0)),
        rescaled_layers_(number_at(metadata, key(".rescale_every_n_layers"), 0)) {}

  std::vector<TensorView> run(const std::vector<TensorView>& tensors) {
    for (const TensorView& tensor : tensors) {
      const TheirName name = split_name(tensor.name);
      if (name.rest.empty()) {
        add(tensor, "", find_in(gguf_model_names(), tensor.name));
      } else {
        add_layers(tensor, name);
      }
    }
    return std::move(result_);
  }

 private:
  std::string key(std::string_view rest) const { return std::string(architecture_.name) + std::string(rest); }

  static const GgufName* find_in(std::span<const GgufName> names, std::string_view theirs) {
    const auto found = std::ranges::find(names, theirs, &GgufName::theirs);
    return found == names.end() ? nullptr : &*found;
  }

  void add_layers(const TensorView& tensor, const TheirName& name) {
    const std::string prefix = "blocks." + std::to_string(name.layer) + ".";
    const GgufLerps& lerps = architecture_.lerps;
    if (name.rest == lerps.fused && can_be_parted(tensor)) return add_parts(tensor, prefix);
    const GgufName* known = find_in(architecture_.layer, name.rest);
    if (known == nullptr) known = find_in(lerps.parts, name.rest);
    const bool is_copy = known != nullptr && name.layer == 0 && architecture_.version == "7" &&
                         std::ranges::find(kCopies7, known->ours) != kCopies7.end();
    if (is_copy) return;
    add(rescaled(tensor, known, name.layer), prefix, known);
  }

  bool can_be_parted(const TensorView& tensor) const {
    return !tensor.shape.empty() && tensor.shape[0] == architecture_.lerps.parts.size() &&
           element_count(tensor.shape) > 0;
  }

  void add_parts(const TensorView& fused, const std::string& prefix) {
    for (size_t i = 0; i < architecture_.lerps.parts.size(); ++i)
      add(slice_of(fused, i), prefix, &architecture_.lerps.parts[i]);
  }

  // A name that is not known stays: whether a model needs it is seen when one is loaded.
  void add(TensorView tensor, const std::string& prefix, const GgufName* name) {
    if (name != nullptr) {
      if (tensor.origin.name.empty()) tensor.origin.name = tensor.name;
      tensor.name = prefix + std::string(name->ours);
      tensor = in_our_form(std::move(tensor), name->form);
    }
    result_.push_back(std::move(tensor));
  }

  // A tensor that does not fit stays as it is: loading a model refuses it.
  TensorView in_our_form(TensorView tensor, GgufForm form) const {
    const uint64_t n = element_count(tensor.shape);
    if (n == 0) return tensor;
    const bool has_heads = head_size_ > 0 && n % head_size_ == 0;
    switch (form) {
      case GgufForm::kSame:
        return tensor;
      case GgufForm::kFlat:
        return reshaped(std::move(tensor), {1, 1, n});
      case GgufForm::kFlatHeads:
      case GgufForm::kHeads:
        return has_heads ? reshaped(std::move(tensor), {n / head_size_, head_size_}) : tensor;
      case GgufForm::kTransposed:
        if (tensor.shape.size() == 1) return reshaped(std::move(tensor), {n, 1});
        return transposed(std::move(tensor));
    }
    return tensor;
  }

  // What the files hold of layer l, divided by 2^(l / n), has its size again.
  TensorView rescaled(const TensorView& tensor, const GgufName* name, uint64_t layer) const {
    constexpr auto kRescaled = std::to_array<std::string_view>({"att.output.weight", "ffn.value.weight"});
    if (name == nullptr || rescaled_layers_ == 0 || layer < rescaled_layers_) return tensor;
    if (std::ranges::find(kRescaled, name->ours) == kRescaled.end()) return tensor;
    const float factor =
        std::ldexp(1.0F, static_cast<int>(std::min<uint64_t>(layer / rescaled_layers_, 1000)));
    const auto multiply = [factor](std::span<float> elements) {
      for (float& element : elements) element *= factor;
    };
    return computed(tensor, multiply, "times " + std::to_string(static_cast<uint64_t>(factor)));
  }

  const GgufArchitecture& architecture_;
  uint64_t head_size_, rescaled_layers_;
  std::vector<TensorView> result_;
};

void rename(TensorList& list) { list.tensors = Renaming(list.metadata).run(list.tensors); }

}  // namespace

const Naming kGguf{"llama.cpp", [](const NamedTensors& file) { return file.format == "GGUF"; }, {}, rename};

}  // namespace rwkv
