// The C interface: sequences, and drawing what follows them.
#include <algorithm>

#include "api/boundary.h"
#include "api/handles.h"
#include "sampling/sampler.h"
#include "session/state_file.h"

namespace {

using namespace rwkv;

const rwkv_sampling kDefaults = RWKV_SAMPLING_INIT;

SamplerOptions sampler_options(const rwkv_sampling& s) {
  SamplerOptions options{.temperature = s.temperature,
                         .top_k = s.top_k,
                         .top_p = s.top_p,
                         .min_p = s.min_p,
                         .presence = s.presence,
                         .frequency = s.frequency,
                         .penalty_decay = s.penalty_decay,
                         .seed = s.seed};
  if (s.n_bias > 0) given(s.bias_ids, "bias_ids"), given(s.bias, "bias");
  for (size_t i = 0; i < s.n_bias; ++i) options.bias.emplace_back(s.bias_ids[i], s.bias[i]);
  if (s.vocab != nullptr) options.n_tokens = s.vocab->tokenizer->vocab_size();
  return options;
}

// What the id adds to its count.
float count_of(uint32_t id, const rwkv_sampling& s) {
  if (s.penalize_all != 0 || s.vocab == nullptr) return 1;
  const Tokenizer& tokenizer = *s.vocab->tokenizer;
  return id < tokenizer.vocab_size() ? penalty_count(tokenizer.bytes_of(id)) : 1;
}

bool is_stop_id(uint32_t id, const rwkv_sampling& s) {
  return s.n_stop_ids > 0 &&
         std::ranges::count(std::span(&given(s.stop_ids, "stop_ids"), s.n_stop_ids), id) > 0;
}

uint32_t sample(rwkv::Sequence& sequence, const rwkv_sampling& s) {
  if (sequence.logits.empty())
    refuse("the logits after the sequence are not known: evaluate with RWKV_WANT_LAST");
  const SamplerOptions options = sampler_options(s);
  check_options(options, sequence.logits.size());
  std::vector<float> row = sequence.logits;  // drawing changes it
  const uint32_t id = draw(row, options, sequence.sampler);
  if (is_stop_id(id, s)) return id;
  record(id, count_of(id, s), options, sequence.sampler);
  sequence.logits.clear();
  sequence.pending = id;
  ++sequence.n_tokens;
  return id;
}

}  // namespace

rwkv_sequence* rwkv_sequence_new(const rwkv_model* model, rwkv_error* error) {
  return guarded_pointer(error, [&] {
    const rwkv_model& m = given(model, "model");
    Sequence sequence;
    sequence.state = m.initial;
    return new rwkv_sequence{m.model, std::move(sequence)};
  });
}

rwkv_sequence* rwkv_sequence_load(const rwkv_model* model, const char* path, rwkv_error* error) {
  return guarded_pointer(error, [&] {
    const rwkv_model& m = given(model, "model");
    return new rwkv_sequence{m.model, load_state(&given(path, "path"), *m.model)};
  });
}

rwkv_sequence* rwkv_sequence_clone(const rwkv_sequence* sequence, rwkv_error* error) {
  return guarded_pointer(error, [&] { return new rwkv_sequence(given(sequence, "sequence")); });
}

void rwkv_sequence_free(rwkv_sequence* sequence) { delete sequence; }

int rwkv_sequence_save(const rwkv_sequence* sequence, const char* path, rwkv_error* error) {
  return guarded(error, [&] {
    const rwkv_sequence& s = given(sequence, "sequence");
    save_state(&given(path, "path"), s.sequence, *s.model);
    return RWKV_OK;
  });
}

uint64_t rwkv_sequence_length(const rwkv_sequence* sequence) {
  return sequence == nullptr ? 0 : sequence->sequence.n_tokens;
}

int rwkv_sequence_pending(const rwkv_sequence* sequence, uint32_t* id) {
  if (sequence == nullptr || !sequence->sequence.pending) return 0;
  if (id != nullptr) *id = *sequence->sequence.pending;
  return 1;
}

float* rwkv_sequence_logits(rwkv_sequence* sequence) {
  if (sequence == nullptr || sequence->sequence.logits.empty()) return nullptr;
  return sequence->sequence.logits.data();
}

float* rwkv_sequence_floats(rwkv_sequence* sequence, size_t layer, const char* part, size_t* n,
                            rwkv_error* error) {
  return guarded_pointer(error, [&] {
    State& state = given(sequence, "sequence").sequence.state;
    const std::string name = &given(part, "part");
    const auto found = std::ranges::find(state.parts(), name, &StatePart::name);
    if (found == state.parts().end()) refuse("the state has no part '" + name + "'");
    if (layer >= state.n_layers()) {
      refuse("layer " + std::to_string(layer) + ": the model has " + std::to_string(state.n_layers()));
    }
    const auto floats = state.part(layer, static_cast<size_t>(found - state.parts().begin()));
    if (n != nullptr) *n = floats.size();
    return floats.data();
  });
}

int rwkv_sequence_sample(rwkv_sequence* sequence, const rwkv_sampling* sampling, uint32_t* id,
                         rwkv_error* error) {
  return guarded(error, [&] {
    const auto s = read_struct(sampling, kDefaults, "sampling");
    given(id, "id") = sample(given(sequence, "sequence").sequence, s);
    return RWKV_OK;
  });
}
