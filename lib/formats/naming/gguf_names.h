// llama.cpp's names and orientations of the tensors of RWKV-6 and 7: one table, for reading and writing.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace rwkv {

// The form of a tensor in GGUF, compared with BlinkDL's checkpoints. Leading dimensions of 1 may be missing.
enum class GgufForm : uint8_t {
  kSame,
  kFlat,        // [C] for [1, 1, C]
  kFlatHeads,   // [C] for [heads, head size]
  kHeads,       // [heads, head size]; [head size] if there is one head
  kTransposed,  // the last two dimensions exchanged
};

// The types in which llama.cpp's converter writes a tensor, and to which its quantiser restricts it.
enum class GgufPrecision : uint8_t {
  kF32,
  kWide,  // any type but the quantised ones
  kAny,
};

struct GgufName {
  std::string_view theirs, ours;  // of a layer's tensors, without "blk.N." and "blocks.N."
  GgufForm form;
  GgufPrecision precision;
};

// Lerps that form one tensor [n, 1, 1, C], in this order, or are separate tensors.
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
// The tensors outside the layers, of every version.
std::span<const GgufName> gguf_model_names();

}  // namespace rwkv
