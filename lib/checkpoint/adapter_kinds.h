// The kinds of adapters: the names of their tensors, and what they add to a matrix.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace rwkv {

// A tensor of an adapter as f32, row-major.
struct AdapterPart {
  Shape shape;
  std::vector<float> values;

  // The values at one index, or at two.
  std::span<const float> at(uint64_t i) const { return std::span(values).subspan(i * shape[1], shape[1]); }
  std::span<const float> at(uint64_t i, uint64_t j) const {
    return std::span(values).subspan((i * shape[1] + j) * shape[2], shape[2]);
  }
};

// Some rows of the matrix to change: values of rows [first, first + values.size() / inputs).
struct MatrixRows {
  uint64_t first, inputs;
  std::span<float> values;

  uint64_t count() const { return values.size() / inputs; }
  std::span<float> at(uint64_t i) const { return values.subspan(i * inputs, inputs); }
};

struct MatrixSize {
  uint64_t outputs, inputs;
};

struct AdapterKind {
  static constexpr size_t kMaxParts = 4;

  std::string_view name;                          // "LoRA"
  std::array<std::string_view, kMaxParts> parts;  // endings of its tensors' names, "" for none
  size_t dimensions;                              // number of dimensions of each part
  bool wants_alpha;                               // the product is scaled by alpha / rank
  std::string_view shapes;                        // the wanted shapes, for messages
  bool (*fits)(std::span<const Shape> parts, const MatrixSize& matrix);
  void (*add)(std::span<const AdapterPart> parts, float scale, const MatrixRows& rows);
  uint64_t (*rank)(const Shape& first_part);

  size_t n_parts() const;
};

// Sources of the formulas: JL-er/RWKV-PEFT merge/ and rwkvt/peft/, huggingface/peft src/peft/tuners/.
//   LoRA     W += alpha / r * B A, and with rslora alpha / sqrt(r)
//   PiSSA    W += B A - B0 A0, where B0 A0 is what the training took out of W at its beginning
//   Bone     W[o, i] += M[i mod r, o]; DiSHA, MiSS: other names of it; "mini": M[i mod r, o mod its columns]
//   Bat      each block of r x r, in rows a and columns b of blocks: W += W M[b] + M[b] (RWKV-PEFT), M[a]
//   (HF)
std::span<const AdapterKind> adapter_kinds();

}  // namespace rwkv
