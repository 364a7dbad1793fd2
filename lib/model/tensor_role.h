// The purpose of each tensor of a model: the column of `Architecture` that packing, quantising, footprints
// and inspection use.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/packed_layout.h"

namespace rwkv {

enum class Role : uint8_t {
  kVector,        // few numbers, at most some a channel: widened to f32 when a model is loaded
  kMatrix,        // multiplied with activations, output by output
  kSparseInput,   // likewise, but most activations are zero, after relu²
  kLowRank,       // multiplied with activations, and held input by input
  kLowRankStack,  // several low-rank matrices, one after the other
  kTable,         // one row is read for each token
  kWide,          // multiplied with activations, small: neither packed nor quantised
};

struct TensorRole {
  std::string_view name;  // name of a layer's tensor without "blocks.N."
  Role role = Role::kVector;
  bool unused_in_first_layer = false;  // may exist, with any shape; never read
};

// The tensors that layers of every version have.
inline constexpr auto kLayerTensorsOfAll = std::to_array<TensorRole>({
    {"ln0.weight"},
    {"ln0.bias"},
    {"ln1.weight"},
    {"ln1.bias"},
    {"ln2.weight"},
    {"ln2.bias"},
    {"att.receptance.weight", Role::kMatrix},
    {"att.key.weight", Role::kMatrix},
    {"att.value.weight", Role::kMatrix},
    {"att.output.weight", Role::kMatrix},
    {"ffn.key.weight", Role::kMatrix},
    {"ffn.value.weight", Role::kSparseInput},
});

// The tuned initial state, in versions with a matrix a head.
constexpr std::string_view kTimeState = "att.time_state";

// The packed layout of matrices of this role: tiles, turned tiles, lines; rows if the role is not packed.
Layout packed_layout_of(Role role);

// The tensor of this name in the versions that have one; null when none does. A name has one role.
const TensorRole* find_role(std::string_view tensor_name);

// N in "blocks.N.", and the rest of the name; `rest` is empty for other names.
struct LayerName {
  uint64_t layer = 0;
  std::string_view rest{};
};
LayerName layer_name_of(std::string_view tensor_name);

}  // namespace rwkv
