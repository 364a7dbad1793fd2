// Fuzzes what makes BlinkDL's tensors of others': lists of tensors with any names, shapes and dtypes. Names
// are put together of the pieces that namings know, so that their rules apply.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "formats/naming/naming.h"

namespace {

using namespace rwkv;

constexpr auto kPieces = std::to_array<const char*>(
    {"model.",     "rwkv.",       "rwkv7.",      "_orig_mod.",  "module.",       "base_model.",
     "layers.0.",  "layers.1.",   "blocks.0.",   "blocks.7.",   "attn.",         "linear_attn.",
     "attention.", "att.",        "ffn.",        "mlp.",        "feed_forward.", "x_x",
     "w_lora.",    "lora.0.",     "lora.2.",     "weight",      "bias",          "x_r",
     "w1",         "time_state",  "time_mix_w1", "time_mix_w2", "time_first",    "gate.",
     "r_k",        "embeddings.", "emb.",        "pre_norm.",   "time_decay_w2", "key.",
     "ln1.",       "0",           "1",           "2",           "blk.0.",        "time_mix_lerp_fused.",
     "attn_norm.", "x_rwkvag",    "output.",     "token_embd.", "time_mix_key",  "lm_head.",
     "norm."});
constexpr auto kFormats = std::to_array<const char*>({"safetensors", "PyTorch zip", "GGUF", "rwkv.cpp"});

// Bytes of the input, one after the other; zeros behind its end.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t next() {
    if (rest_.empty()) return 0;
    const uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }

 private:
  std::span<const uint8_t> rest_;
};

TensorView tensor_from(Input& in, std::span<const std::byte> bytes) {
  TensorView tensor;
  for (uint8_t piece = in.next(); piece < kPieces.size(); piece = in.next()) {
    tensor.name += kPieces.at(piece);
    if (in.empty()) break;
  }
  for (uint8_t n_dims = in.next() % 5; n_dims > 0; --n_dims) tensor.shape.push_back(in.next() % 8);
  tensor.dtype = in.next() % 2 != 0 ? DType::kF16 : DType::kF32;
  tensor.bytes = bytes.first(checked_byte_size(tensor.dtype, tensor.shape));
  if (tensor.bytes.empty()) tensor.bytes = {};
  return tensor;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::byte> bytes(8 * 8 * 8 * 8 * 4);
  Input in({data, size});
  try {
    const char* format = kFormats.at(in.next() % kFormats.size());
    TensorList list;
    while (!in.empty() && list.tensors.size() < 64) list.tensors.push_back(tensor_from(in, bytes));
    apply_naming(format, list);
    for (const TensorView& tensor : list.tensors) {
      std::vector<std::byte> scratch;
      if (packed_bytes(tensor, scratch).size() != byte_size(tensor)) std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
