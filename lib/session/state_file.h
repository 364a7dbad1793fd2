// Sequences on disk: a run that stops and continues from a file draws the ids of one long run.
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "session/sequence.h"

namespace rwkv {

class TensorFile;

// The metadata key that marks a state file; its value is the version of the layout below.
inline constexpr const char* kStateFileKey = "rwkv_state";

// A state file is a safetensors file. Tensors: layers.N.PART (f32) for each part of each layer; `logits` (f32
// [n_vocab], when they are known); sampler.ids (i32 [n]) and sampler.counts (f32 [n]) for tokens that were
// drawn; constraint.text (u8 [n]): what was drawn under a constraint; history (i32 [n_tokens]): the ids read
// or drawn, when they are given. Metadata, as decimals: rwkv_state (1), tokens, pending (when there is one),
// sampler_position; and as text: model (its fingerprint), model_version, model_size ("12 layers of 768"),
// checksum (over the tensors' bytes, 16 hexadecimal digits), constraint (the digest of the one that binds
// constraint.text). The file appears whole or not at all. Error kIo; kFormat when the state holds NaN or
// infinity.
void save_state(const std::filesystem::path& path, const Sequence& sequence, const Model& model,
                std::span<const TokenId> history = {});

// Reads a state file of this very model; or, as a sequence of no tokens, a tuned initial state or a state of
// the rwkv package (tuned_state.h).
// Error, its message beginning with the path: another model's state, another version of the layout, not a
// state, a tensor missing or of another shape, a number that makes no sense, bytes that are not those of the
// checksum (files of older versions have none). kInterrupted when stop() says so while a pipe is waited for.
Sequence load_state(const std::filesystem::path& path, const Model& model, const StopPredicate& stop = {});
// The same of a file that is open.
Sequence load_state(const TensorFile& file, const Model& model);

// The ids that the sequence has read or drawn; empty when the file does not say. Error as load_state().
std::vector<TokenId> read_history(const TensorFile& file);

// A state file's description of itself.
struct StateInfo {
  std::string model_version, model_size, model;  // as in the metadata; "?" where it says nothing
  uint64_t n_tokens = 0;
  std::optional<TokenId> pending{};
  bool has_logits = false;
  uint64_t sampler_position = 0;  // numbers of the random sequence used so far
  size_t n_counted = 0;           // ids with penalty counts
};

// Of a file with kStateFileKey; reads no tensor. Error, its message beginning with the path: a number out of
// range.
StateInfo read_state_info(const TensorFile& file);

}  // namespace rwkv
