// From logits to the next token.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sampling/constraint/constraint_state.h"

namespace rwkv {

class Constraint;

// Defaults: plain sampling from the model's distribution.
struct SamplerOptions {
  double temperature = 1.0;  // 0: greedy
  size_t top_k = 0;          // keep the k most likely; 0: all
  double top_p = 1.0;      // keep the smallest set of probability >= top_p, cut before temperature; 0: greedy
  double min_p = 0.0;      // keep p >= min_p times the largest
  double presence = 0.0;   // subtracted from a seen token's logit
  double frequency = 0.0;  // subtracted for each (decayed) time it was seen
  double penalty_decay = 0.996;                    // factor on all counts, for each token drawn
  std::vector<std::pair<uint32_t, float>> bias{};  // added to a token's logit; -inf forbids it
  size_t n_tokens = SIZE_MAX;                      // ids from here on are padding: never drawn
  uint64_t seed = 0;
  std::shared_ptr<const Constraint> constraint{};  // what the text may be; null: anything
};

// Error kUsage naming the first option outside its range (temperature and penalties finite, the rest in [0,
// 1], biases below +inf and on ids below n_vocab).
void check_options(const SamplerOptions& options, size_t n_vocab);

// The memory of a sequence's sampler; saved with the model's state.
struct SamplerState {
  uint64_t position = 0;               // in the random sequence: the number of tokens drawn
  std::map<uint32_t, float> counts{};  // decayed number of times each token was drawn
  ConstraintState constraint{};        // where the text stands that options.constraint binds
  bool operator==(const SamplerState&) const = default;
};

// Turns logits into the probabilities with which draw() draws. The stages, in order: constraint, penalties,
// bias and padding, softmax, top-k, top-p, min-p, temperature. The three cuts all use the model's own
// probabilities, so their order does not matter. Of equally likely tokens top-k prefers low ids, top-p and
// min-p keep all, greedy takes the lowest id. A token whose logit is NaN or -inf gets 0; Error kFormat when
// no other token is left, and those of Constraint::forbid().
void to_probabilities(std::span<float> logits, const SamplerOptions& options, const SamplerState& state);

// Draws the next token; changes `logits`. The same seed, position, counts and logits give the same token on
// every machine.
uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state);

// Memory of draw(): who draws often keeps it, since to take a megabyte from the system and give it back takes
// as long as the drawing. For one thread at a time.
struct DrawScratch {
  std::vector<float> probabilities, values;
  std::vector<uint32_t> ids;
};
uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state,
              DrawScratch& scratch);

// Records a drawn token in the state: all counts decay, the token's own grows by `count`, and the text that
// the constraint binds goes on with it.
void record(uint32_t token, float count, const SamplerOptions& options, SamplerState& state);

// What a token adds to its count, as in RWKV's own samplers: 0 if its bytes are a substring of space, tab,
// then 0 to 9, else 1. Presence applies to every token.
float penalty_count(std::string_view bytes);

}  // namespace rwkv
