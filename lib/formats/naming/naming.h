// The names of others: other programs' names, shapes and values of tensors become BlinkDL's, which is what
// every file has from here on.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "tensor/tensor_view.h"

namespace rwkv {

// A file as its format's reader gives it, behind wrappers' prefixes (prefixes.h).
struct NamedTensors {
  std::string_view format;  // "safetensors" ...
  const TensorList& list;

  const TensorView* find(std::string_view name) const;  // null when absent
  // The first tensor whose name matches, as NameRule::theirs does; null when none does.
  const TensorView* find_like(std::string_view pattern) const;
};

// One row of a naming. In `theirs`, # stands for a whole number, * for a piece of a name without a dot, up to
// the first character that follows it in the pattern. In `ours` each stands for what it stood for there.
struct NameRule {
  std::string_view theirs;  // "layers.#.attn.*_lora.lora.0.weight"
  std::string_view ours;    // "blocks.#.att.*1"
  // What was done to the elements is undone (tensor/derived_view.h); null: nothing was. The tensor has its
  // new name; of what the file holds besides, `file` tells, as it was. The tensor may be of any shape, dtype
  // and layout: one that does not fit is given back as it is, and loading a model refuses it.
  TensorView (*undo)(TensorView tensor, const NamedTensors& file) = nullptr;
  // Not empty: the tensor is a stack [n, ...]. Part i, named `ours` + parts[i], stands in its place.
  std::string_view parts = {};
};

// How one program, or one version of it, names the tensors of a model. A file of an own naming is told by a
// name, shape or piece of metadata that no other has.
struct Naming {
  std::string_view name;  // "Hugging Face RWKV-7 (fla)"
  bool (*recognises)(const NamedTensors& file);
  // The first that matches a name is applied. A tensor that none matches keeps its name: if it is nothing
  // that a model uses, loading says so.
  std::span<const NameRule> rules;
  // For what no rule can say, before the rules are applied; null: nothing.
  void (*prepare)(TensorList& list) = nullptr;
};

// Each in the file of its name; naming.cc has the table.
extern const Naming kHuggingFaceFla, kHuggingFaceNative, kHuggingFaceBlocks;
extern const Naming kWebRwkv5, kWebRwkv6, kWebRwkv7;
extern const Naming kRwkvPackageState;
extern const Naming kGguf;
extern const Naming kRwkvCpp4, kRwkvCpp5, kRwkvCpp6, kRwkvCpp7;

// Cuts wrappers' prefixes off, and gives every tensor BlinkDL's name, shape and values; what was done stands
// in its origin. Returns the name of the naming, empty for BlinkDL's own. Error kFormat: names that are too
// long.
std::string_view apply_naming(std::string_view format, TensorList& list);

// For rules: `undo` of matrices that lie transposed, the last two dimensions of a stack likewise.
TensorView undo_transpose(TensorView tensor, const NamedTensors& file);

// Of namings that keep BlinkDL's names of RWKV-7 and transpose the low-rank matrices.
inline constexpr auto kTransposedLowRanks7 = std::to_array<NameRule>({
    {"blocks.#.att.w1", "blocks.#.att.w1", undo_transpose},
    {"blocks.#.att.w2", "blocks.#.att.w2", undo_transpose},
    {"blocks.#.att.a1", "blocks.#.att.a1", undo_transpose},
    {"blocks.#.att.a2", "blocks.#.att.a2", undo_transpose},
    {"blocks.#.att.v1", "blocks.#.att.v1", undo_transpose},
    {"blocks.#.att.v2", "blocks.#.att.v2", undo_transpose},
    {"blocks.#.att.g1", "blocks.#.att.g1", undo_transpose},
    {"blocks.#.att.g2", "blocks.#.att.g2", undo_transpose},
});

// Whether `name` matches the pattern; if so `result`, where it is wanted, is `ours` filled in.
bool matches(std::string_view pattern, std::string_view name, std::string_view ours = {},
             std::string* result = nullptr);

// The metadata key of a model whose embedding was normalised by ln0 before it was saved, as a form of Hugging
// Face's has it: such a model has no ln0.
inline constexpr const char* kEmbeddingKey = "rwkv.embedding";
inline constexpr const char* kEmbeddingNormalised = "normalised";

}  // namespace rwkv
