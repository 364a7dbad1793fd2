// Other programs' names: their names, shapes and values of tensors become BlinkDL's, which the rest of the
// library expects.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "tensor/tensor_view.h"

namespace rwkv {

// A file as its format's reader returns it, without wrappers' prefixes (prefixes.h).
struct NamedTensors {
  std::string_view format;  // "safetensors" ...
  const TensorList& list;

  const TensorView* find(std::string_view name) const;  // null when absent
  // The first tensor whose name matches, as NameRule::theirs does; null when none does.
  const TensorView* find_like(std::string_view pattern) const;
};

// One row of a naming. In `theirs`, # matches a whole number and * a piece of a name without a dot, up to the
// first character that follows * in the pattern. In `ours`, # and * insert what they matched.
struct NameRule {
  std::string_view theirs;  // "layers.#.attn.*_lora.lora.0.weight"
  std::string_view ours;    // "blocks.#.att.*1"
  // Undoes what the program did to the elements (tensor/derived_view.h); null: nothing was done. The tensor
  // has its new name already; `file` is the file as it was. The tensor may have any shape, dtype and layout:
  // one that does not fit is returned unchanged, and loading a model refuses it.
  TensorView (*undo)(TensorView tensor, const NamedTensors& file) = nullptr;
  // Not empty: the tensor is a stack [n, ...]. Part i, named `ours` + parts[i], replaces it.
  std::string_view parts = {};
};

// How one program, or one version of it, names the tensors of a model. A naming is recognised by a name, a
// shape or metadata that no other naming has.
struct Naming {
  std::string_view name;  // "Hugging Face RWKV-7 (fla)"
  bool (*recognises)(const NamedTensors& file);
  // The first rule that matches a name is applied. A tensor without a rule keeps its name; if the model does
  // not use it, loading reports it.
  std::span<const NameRule> rules;
  // Handles what no rule can express, before the rules are applied; may be null.
  void (*prepare)(TensorList& list) = nullptr;
};

// Each in the file of its name; the table is in naming.cc.
extern const Naming kHuggingFaceFla, kHuggingFaceNative, kHuggingFaceBlocks;
extern const Naming kWebRwkv5, kWebRwkv6, kWebRwkv7;
extern const Naming kRwkvPackageState;
extern const Naming kGguf;
extern const Naming kRwkvCpp4, kRwkvCpp5, kRwkvCpp6, kRwkvCpp7;

// Removes wrappers' prefixes and gives every tensor BlinkDL's name, shape and values; a tensor's origin
// says what was done. Returns the name of the naming, empty for BlinkDL's own. Error kFormat: a name is too
// long.
std::string_view apply_naming(std::string_view format, TensorList& list);

// An `undo` for transposed matrices; of a stack, exchanges the last two dimensions.
TensorView undo_transpose(TensorView tensor, const NamedTensors& file);

// For namings that keep BlinkDL's names of RWKV-7 but transpose the low-rank matrices.
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

// Whether `name` matches the pattern; if so, writes `ours` with the matches to `result`, if not null.
bool matches(std::string_view pattern, std::string_view name, std::string_view ours = {},
             std::string* result = nullptr);

// The metadata key of a model whose embedding was normalised by ln0 before it was saved, as in one of Hugging
// Face's forms: such a model has no ln0.
inline constexpr const char* kEmbeddingKey = "rwkv.embedding";
inline constexpr const char* kEmbeddingNormalised = "normalised";

}  // namespace rwkv
