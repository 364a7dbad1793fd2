// Facts about a model from the names and shapes of its tensors.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rwkv {

struct ModelInfo {
  std::string version;  // "4", "5.0", "5.1", "5.2", "6", "7", "7a"
  std::string reason;   // the names or shapes that decided the version
  size_t n_layers = 0;
  size_t n_embd = 0;         // C: width of the residual
  size_t n_att = 0;          // A: width of the time mix
  size_t n_ffn = 0;          // F: width of the channel mix's hidden row
  size_t n_vocab = 0;        // V
  size_t n_heads = 0;        // H; 0 for RWKV-4, which has channels, no heads
  size_t head_size = 0;      // N
  float group_norm_eps = 0;  // 0: the version has no group norm
  // Of low-rank matrices, by their purpose: {"decay", 64}
  std::vector<std::pair<std::string, size_t>> ranks;

  size_t rank(std::string_view of) const;  // 0: no such rank
};

inline size_t ModelInfo::rank(std::string_view of) const {
  for (const auto& [name, rank] : ranks) {
    if (name == of) return rank;
  }
  return 0;
}

}  // namespace rwkv
