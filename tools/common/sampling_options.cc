#include "common/sampling_options.h"

#include <algorithm>
#include <random>

#include "common/row_names.h"
#include "core/error.h"

namespace rwkv {
namespace {

using Target = ContinuationOptions;
using Value = OptionValue;

// The values follow the usual examples of RWKV samplers.
struct Preset {
  std::string_view name;
  SamplerOptions sampler;
};
const Preset kPresets[] = {
    {"chat", {.temperature = 1, .top_p = 0.3, .presence = 0.5, .frequency = 0.5}},
    {"creative", {.temperature = 1.2, .top_p = 0.7, .presence = 0.25, .frequency = 0.25}},
    {"exact", {.temperature = 1, .top_p = 0.1}},
    {"greedy", {.temperature = 0}},
};

std::vector<std::string> preset_names() { return row_names(kPresets); }

// Bias, seed and vocabulary are no matter of a preset.
void apply_preset(Target& o, const Value& v) {
  SamplerOptions sampler = std::ranges::find(kPresets, v.text(), &Preset::name)->sampler;
  sampler.bias = std::move(o.sampler.bias);
  sampler.n_tokens = o.sampler.n_tokens;
  sampler.seed = o.sampler.seed;
  o.sampler = std::move(sampler);
}

constexpr std::string_view kSampling = "sampling", kEnd = "length and stops";

const Option<Target> kOptions[] = {
    {{"preset", 0, "preset", "NAME", name_of(preset_names), kSampling,
      "a set of values; other options override it",
      "chat: --temp 1 --top-p 0.3 --presence 0.5 --frequency 0.5. creative: --temp 1.2 --top-p 0.7 "
      "--presence 0.25 "
      "--frequency 0.25. exact: --temp 1 --top-p 0.1. greedy: --temp 0. No other cuts and penalties.",
      true},
     apply_preset},
    {{"temp", 0, "temp", "X", real(0), kSampling, "temperature (default 1; 0: greedy)", "", true},
     [](Target& o, const Value& v) { o.sampler.temperature = v.real(); }},
    {{"top-p", 0, "top_p", "P", real(0, 1), kSampling,
      "keep the likeliest ids up to probability P (default 0.5)",
      "Cut before the temperature is applied, as in RWKV's own samplers. 1: all ids. 0: greedy.", true},
     [](Target& o, const Value& v) { o.sampler.top_p = v.real(); }},
    {{"top-k", 0, "top_k", "K", whole(0), kSampling, "keep the K likeliest ids (default 0: all)"},
     [](Target& o, const Value& v) { o.sampler.top_k = v.whole(); }},
    {{"min-p", 0, "min_p", "P", real(0, 1), kSampling,
      "keep ids at least P times as likely as the likeliest"},
     [](Target& o, const Value& v) { o.sampler.min_p = v.real(); }},
    {{"presence", 0, "presence", "X", real(), kSampling, "subtract X from the logits of ids drawn before"},
     [](Target& o, const Value& v) { o.sampler.presence = v.real(); }},
    {{"frequency", 0, "frequency", "X", real(), kSampling, "subtract X for each time an id was drawn before",
      "With a vocabulary digits and spaces are not counted, as in RWKV's own samplers."},
     [](Target& o, const Value& v) { o.sampler.frequency = v.real(); }},
    {{"penalty-decay", 0, "penalty_decay", "X", real(0, 1), kSampling,
      "factor on these counts for each id (default 0.996)"},
     [](Target& o, const Value& v) { o.sampler.penalty_decay = v.real(); }},
    {{"penalize-all", 0, "penalize_all", "", kSwitchType, kSampling,
      "--frequency also counts digits and spaces"},
     [](Target& o, const Value& v) { o.penalize_all = v.on(); }},
    {{"bias", 0, "bias", "ID:X", kBiasesType, kSampling,
      "add X to an id's logit; -inf forbids it (repeatable)", "In JSON {\"261\": -1.5, \"0\": \"-inf\"}."},
     [](Target& o, const Value& v) { o.sampler.bias = v.biases(); }},
    {{"greedy", 0, "greedy", "", kSwitchType, kSampling, "always the likeliest id: --temp 0"},
     [](Target& o, const Value& v) {
       if (v.on()) o.sampler.temperature = 0;
     }},
    {{"seed", 0, "seed", "N", whole(0), kSampling, "seed of the random numbers (default: a random one)",
      "--stats prints it. The same seed, options and prompt give the same ids on every machine.", true},
     [](Target& o, const Value& v) { o.sampler.seed = v.whole(); }},
    {{"tokens", 'n', "n", "N", whole_or_unlimited("no limit"), kEnd, "draw at most N ids (-1: no limit)",
      "Default 256; for an answer of rwkv-chat 4096. 0: only read the prompt.", true},
     [](Target& o, const Value& v) { o.max_tokens = v.whole(); }},
    {{"stop", 0, "stop", "TEXT", kTextsType, kEnd, "end before this text (with -v; repeatable)",
      "Output ends just before the first stop text, even if this text starts or ends within a token.", true},
     [](Target& o, const Value& v) { o.stop_texts = v.texts(); }},
    {{"stop-id", 0, "stop_ids", "ID", kIdsType, kEnd, "end before this id (repeatable)"},
     [](Target& o, const Value& v) { o.stop_ids = v.ids(); }},
    {{"ignore-eos", 0, "ignore_eos", "", kSwitchType, kEnd, "do not stop at id 0 (end of text)"},
     [](Target& o, const Value& v) { o.stop_at_end_of_text = !v.on(); }},
    {{"logprobs", 0, "logprobs", "K", whole(0, kMaxLogProbs), kEnd,
      "print log-probabilities, and the K likeliest ids"},
     [](Target& o, const Value& v) { o.n_log_probs = v.whole(); }},
};

}  // namespace

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::span<const Option<ContinuationOptions>> continuation_options() { return kOptions; }

ContinuationOptions default_continuation() {
  ContinuationOptions options;
  options.sampler = {.temperature = 1, .top_p = 0.5, .seed = random_seed()};
  options.max_tokens = 256;
  return options;
}

void check_ids(const ContinuationOptions& options, size_t n_vocab) {
  check_options(options.sampler, n_vocab);
  for (const TokenId id : options.stop_ids) {
    if (id < n_vocab) continue;
    throw Error(ErrorKind::kUsage, "stop id " + std::to_string(id) + ", but the vocabulary has " +
                                       std::to_string(n_vocab) + " ids");
  }
}

}  // namespace rwkv
