// From logits to the next token.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace rwkv {

// Defaults: plain sampling from the model's distribution.
struct SamplerOptions {
  double temperature = 1.0;  // 0: greedy
  size_t top_k = 0;          // keep the k most likely; 0: all
  double top_p = 1.0;      // keep the smallest set of probability >= top_p, cut before temperature; 0: greedy
  double min_p = 0.0;      // keep p >= min_p times the largest
  double presence = 0.0;   // subtracted from a seen token's logit
  double frequency = 0.0;  // subtracted once for each (decayed) time it was seen
  double penalty_decay = 0.996;                    // factor on the counts, a token
  std::vector<std::pair<uint32_t, float>> bias{};  // added to a token's logit; -inf forbids it
  size_t n_tokens = SIZE_MAX;                      // tokens from here on are padding: never drawn
  uint64_t seed = 0;
};

// Error kUsage naming the first option outside its range (temperature and penalties finite, the rest in [0,
// 1], biases below +inf and on ids below n_vocab).
void check_options(const SamplerOptions& options, size_t n_vocab);

// What a sequence's sampler remembers; saved with the model's state.
struct SamplerState {
  uint64_t position = 0;               // in the random sequence: tokens drawn so far
  std::map<uint32_t, float> counts{};  // decayed number of times each token was drawn
  bool operator==(const SamplerState&) const = default;
};

// Turns logits into the probabilities that draw() draws with. The stages, in order: penalties, bias and
// padding, softmax, top-k, top-p, min-p, temperature. The three cuts all look at the model's own
// probabilities, hence their order does not matter. Of equally likely tokens top-k prefers low ids, top-p and
// min-p keep all, greedy takes the lowest id. A token whose logit is NaN or -inf gets 0; Error kFormat when
// no other is left.
void to_probabilities(std::span<float> logits, const SamplerOptions& options, const SamplerState& state);

// Draws the next token; `logits` is changed. The same seed, position, counts and logits give the same token
// on every machine.
uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state);

// Takes a drawn token into the state: all counts decay, the token's own grows by `count`.
void record(uint32_t token, float count, const SamplerOptions& options, SamplerState& state);

// What a token of these bytes adds to its count, as in RWKV's own samplers: nothing when it is a part of the
// twelve characters space, tab, 0 to 9 in this order, else 1. Presence holds for either.
float penalty_count(std::string_view bytes);

}  // namespace rwkv
