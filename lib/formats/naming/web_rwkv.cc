// web-rwkv's and Ai00's .st: assets/scripts/convert_safetensors.py of web-rwkv, crates/converter of
// ai00_server. Most names are BlinkDL's, but mean something else.
#include <algorithm>
#include <array>

#include "core/joined.h"
#include "formats/naming/naming.h"
#include "tensor/derived_view.h"

namespace rwkv {
namespace {

// rwkv-convert names itself; these converters do not, and write nothing but f16.
bool may_be_st(const NamedTensors& file) {
  return file.format == "safetensors" && !file.list.metadata.contains("producer") &&
         std::ranges::all_of(file.list.tensors, [](const TensorView& t) { return t.dtype == DType::kF16; });
}

// Tuned states lie [head, key, value], not [head, value, key]. (Those in a file of their own:
// model/tuned_state.h.)
constexpr NameRule kStateRule{"blocks.#.att.time_state", "blocks.#.att.time_state", undo_transpose};

// The bonus is plain under a name that elsewhere tells of its logarithm. The second converter leaves the
// scalars of 5.1 as they are.
constexpr auto kRules5 = std::to_array<NameRule>({
    {"blocks.#.att.time_first", "blocks.#.att.time_faaaa"},
    kStateRule,
});

bool recognises5(const NamedTensors& file) {
  const TensorView* bonus = file.find_like("blocks.#.att.time_first");
  return bonus != nullptr && file.find_like("blocks.#.att.gate.weight") != nullptr &&
         file.find_like("blocks.#.att.time_mix_w1") == nullptr && may_be_st(file);
}

// Mixes are those of RWKV-6 under the names of RWKV-5.
constexpr auto kRules6 = std::to_array<NameRule>({
    {"blocks.#.att.time_mix_w1", "blocks.#.att.time_maa_w1", undo_transpose},
    {"blocks.#.att.time_mix_w2", "blocks.#.att.time_maa_w2", undo_transpose},
    {"blocks.#.att.time_mix_*", "blocks.#.att.time_maa_*"},
    {"blocks.#.ffn.time_mix_*", "blocks.#.ffn.time_maa_*"},
    {"blocks.#.att.time_decay_w1", "blocks.#.att.time_decay_w1", undo_transpose},
    {"blocks.#.att.time_decay_w2", "blocks.#.att.time_decay_w2", undo_transpose},
    {"blocks.#.att.time_first", "blocks.#.att.time_faaaa"},
    kStateRule,
});

// web-rwkv's converter transposes the low-rank matrices, Ai00's does not.
constexpr auto kRules7 = joined(kTransposedLowRanks7, std::to_array<NameRule>({kStateRule}));

// Of the form [rank, channels], when the model has another number of channels than this rank.
bool recognises7(const NamedTensors& file) {
  const TensorView* emb = file.find("emb.weight");
  if (emb == nullptr || emb->shape.size() != 2 || file.find_like("blocks.#.att.r_k") == nullptr) return false;
  const uint64_t n_embd = emb->shape[1];
  return std::ranges::any_of(
      std::to_array({"blocks.#.att.w1", "blocks.#.att.a1", "blocks.#.att.v1", "blocks.#.att.g1"}),
      [&](const char* pattern) {
        const TensorView* down = file.find_like(pattern);
        return down != nullptr && down->shape.size() == 2 && down->shape[0] != n_embd &&
               down->shape[1] == n_embd;
      });
}

}  // namespace

const Naming kWebRwkv5{"web-rwkv .st", recognises5, kRules5};
const Naming kWebRwkv6{
    "web-rwkv .st",
    [](const NamedTensors& file) { return file.find_like("blocks.#.att.time_mix_w1") != nullptr; }, kRules6};
const Naming kWebRwkv7{"web-rwkv .st", recognises7, kRules7};

}  // namespace rwkv
