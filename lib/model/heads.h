// What RWKV-5, 6 and 7 share: states of one matrix a head.
#pragma once
#include <string_view>
#include <vector>

#include "model/layer.h"
#include "model/model_info.h"
#include "tensor/tensor_file.h"

namespace rwkv {

enum HeadPart : size_t { kAttX, kS, kFfnX };

constexpr float kGroupNormEps = 64e-5f;  // training divides by 8 and adds 1e-5: the same

// Dimension `axis` of a tensor's shape. Error kFormat when there is no such tensor or axis, or it is 0.
size_t dimension(const TensorFile& file, std::string_view name, size_t axis);

// Sets heads, their size and the group norm's epsilon. Error kFormat when n_heads does not divide n_att.
void read_heads(const TensorFile& file, size_t n_heads, ModelInfo& info);

// att_x [C], S [H, key, value], ffn_x [C]
std::vector<StatePart> head_state_parts(const ModelInfo& info);

// Calls body(sequence, row, first channel, channels) for every row in order and some heads at a time; heads
// are shared out between the threads, rows of a sequence stay in order.
template <class Body>
void for_heads(Pass& pass, const ModelInfo& info, Body&& body) {
  const size_t work = info.head_size * info.head_size * pass.n_rows();  // of a head
  const size_t grain = std::max<size_t>(1, kParallelElements / work);
  pass.pool.for_ranges(info.n_heads, grain, [&](size_t begin, size_t end) {
    for (size_t s = 0; s < pass.sequences.size(); ++s) {
      const auto& sequence = pass.sequences[s];
      for (size_t row = sequence.first_row; row < sequence.first_row + sequence.n_rows; ++row) {
        body(s, row, begin * info.head_size, (end - begin) * info.head_size);
      }
    }
  });
}

}  // namespace rwkv
