// Shared by RWKV-5, 6 and 7: states of one matrix a head.
#pragma once
#include <string_view>
#include <vector>

#include "formats/tensor_file.h"
#include "model/layer.h"
#include "model/model_info.h"
#include "model/weights.h"

namespace rwkv {

enum HeadPart : size_t { kAttX, kS, kFfnX };

constexpr float kGroupNormEps = 64e-5f;  // training divides y by 8, then adds 1e-5: equal to this

// Dimension `axis` of a tensor's shape. Error kFormat: no such tensor or axis, or the dimension is 0.
size_t dimension(const TensorFile& file, std::string_view name, size_t axis);

// Sets heads, head size and the group norm's epsilon. Error kFormat when n_heads does not divide n_att.
void read_heads(const TensorFile& file, size_t n_heads, ModelInfo& info);

// att_x [C], S [H, key, value], ffn_x [C]
std::vector<StatePart> head_state_parts(const ModelInfo& info);

// The rows of a sequence in some heads: channels [channel, channel + n_channels), and the heads' states.
struct HeadRows {
  size_t row, n_rows, channel, n_channels;
  std::span<float> S;

  template <class T>
  std::span<T> part(std::span<T> row_of_channels) const {
    return row_of_channels.subspan(channel, n_channels);
  }
  std::span<const float> part(const std::vector<float>& weights) const { return part(std::span(weights)); }
  // The part of m in these rows and channels.
  MatSpan<float> part(MatSpan<float> m) const { return m.rows_at(row, n_rows).cols_at(channel, n_channels); }
};

// The norm of these heads' outputs, one group a head.
inline NormWeights head_norm(const Norm& norm, const ModelInfo& info, const HeadRows& at) {
  return {at.part(norm.gain), at.part(norm.bias), info.group_norm_eps, at.n_channels / info.head_size};
}

// Calls body(HeadRows) for every sequence and a few heads at a time; threads divide the heads.
template <class Body>
void for_heads(Pass& pass, const ModelInfo& info, Body&& body) {
  const size_t N = info.head_size, work = N * N * pass.n_rows();  // of a head
  const size_t grain = std::max<size_t>(1, kParallelElements / work);
  // Reading states is memory bound and threads progress unevenly: up to 4 parts, so that others can help.
  const size_t n_sequences = pass.sequences.size(), n_parts = std::min<size_t>(4, n_sequences);
  const WorkingState S(pass, kS);
  pass.pool.for_parts(info.n_heads, grain, n_parts, [&](size_t begin, size_t end, size_t part) {
    for (size_t s = n_sequences * part / n_parts; s < n_sequences * (part + 1) / n_parts; ++s) {
      const auto& sequence = pass.sequences[s];
      const size_t first = begin * N, n = (end - begin) * N;
      body(HeadRows{sequence.first_row, sequence.n_rows, first, n, S.take(s, first * N, n * N)});
    }
  });
}

}  // namespace rwkv
