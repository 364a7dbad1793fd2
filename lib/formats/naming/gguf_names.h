// How llama.cpp calls and turns the tensors of RWKV-6 and 7: one table, for reading and for writing.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace rwkv {

// What lies there, beside what BlinkDL's checkpoints hold. Dimensions of 1 may be missing in front.
enum class GgufForm : uint8_t {
  kSame,
  kFlat,        // [C] for [1, 1, C]
  kFlatHeads,   // [C] for [heads, head size]
  kHeads,       // [heads, head size], but [head size] of a single head
  kTransposed,  // the last two dimensions exchanged
};

// In which types llama.cpp's converter writes a tensor, and its quantiser leaves it.
enum class GgufPrecision : uint8_t {
  kF32,
  kWide,  // any type but the quantised ones
  kAny,
};

struct GgufName {
  std::string_view theirs, ours;  // of a layer's tensors without "blk.N." and "blocks.N."
  GgufForm form;
  GgufPrecision precision;
};

// Lerps that lie in one tensor [n, 1, 1, C], in this order, or each in one of its own.
struct GgufLerps {
  std::string_view fused;
  std::span<const GgufName> parts;
};

struct GgufArchitecture {
  std::string_view name;     // general.architecture
  std::string_view version;  // of RWKV
  std::span<const GgufName> layer;
  GgufLerps lerps;
};

std::span<const GgufArchitecture> gguf_architectures();
// Tensors that are in no layer, of every version.
std::span<const GgufName> gguf_model_names();

}  // namespace rwkv
