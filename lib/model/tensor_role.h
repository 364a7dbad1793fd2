// What each tensor of a model is for: the column of `Architecture` that packing, quantising, footprints and
// inspection ask.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/packed_layout.h"

namespace rwkv {

enum class Role : uint8_t {
  kVector,        // as many numbers as there are channels, or few: read into f32 when a model is loaded
  kMatrix,        // multiplied with activations, output by output
  kSparseInput,   // so too, but most activations are zero: relu² leaves them so
  kLowRank,       // multiplied with activations, and held input by input
  kLowRankStack,  // several such, one behind the other
  kTable,         // one row is read for each token
  kWide,          // multiplied with activations, small: neither packed nor quantised
};

struct TensorRole {
  std::string_view name;  // of a layer's tensor without "blocks.N."
  Role role = Role::kVector;
  bool unused_in_first_layer = false;  // may be there, whatever its shape; nothing reads it
};

// What a layer has in every version.
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

// Of every version with a matrix a head: its initial state, tuned.
constexpr std::string_view kTimeState = "att.time_state";

// How matrices of this role are packed for the kernels: tiles, turned tiles, lines; by rows what is not.
Layout packed_layout_of(Role role);

// What a tensor of this name is in the versions that have it; null when none does. A name has one role.
const TensorRole* find_role(std::string_view tensor_name);

// The number of the layer in "blocks.N.", and what follows; no `rest` for other names.
struct LayerName {
  uint64_t layer = 0;
  std::string_view rest{};
};
LayerName layer_name_of(std::string_view tensor_name);

}  // namespace rwkv
