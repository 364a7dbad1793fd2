#include "session/state_file.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "core/printable.h"
#include "formats/safetensors_writer.h"
#include "formats/tensor_file.h"
#include "model/tuned_state.h"
#include "session/fingerprint.h"

namespace rwkv {
namespace {

constexpr const char* kLayoutVersion = "1";

std::string part_name(size_t layer, const StatePart& part) {
  return "layers." + std::to_string(layer) + "." + part.name;
}

std::string size_text(const ModelInfo& info) {
  return std::to_string(info.n_layers) + " layers of " + std::to_string(info.n_embd);
}

template <class T>
TensorView view_of(std::string name, DType dtype, Shape shape, std::span<const T> values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(values), {}};
}

TensorView text_view(std::string name, std::string_view text) {
  return view_of(std::move(name), DType::kU8, {text.size()}, std::span(text));
}

void add_state(std::vector<TensorView>& tensors, const State& state) {
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    for (size_t i = 0; i < state.parts().size(); ++i) {
      const StatePart& part = state.parts()[i];
      tensors.push_back(view_of(part_name(layer, part), DType::kF32, part.shape, state.part(layer, i)));
    }
  }
}

// FNV-1a's steps on words of eight bytes: faster for large states than single bytes.
uint64_t add_to_hash(uint64_t hash, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    uint64_t word = bytes.size();
    const size_t n = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), n);
    hash = (hash ^ word) * 0x100000001B3;
    hash ^= hash >> 32;
    bytes = bytes.subspan(n);
  }
  return hash;
}

// Does not depend on the order of the tensors.
std::string checksum(std::span<const TensorView> tensors) {
  uint64_t sum = 0;
  for (const TensorView& tensor : tensors) {
    const uint64_t name = add_to_hash(0xCBF29CE484222325, std::as_bytes(std::span(tensor.name)));
    sum += add_to_hash(name, tensor.bytes);
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
  return text;
}

std::map<std::string, std::string> metadata_of(const Sequence& sequence, const Model& model) {
  std::map<std::string, std::string> metadata = {
      {kStateFileKey, kLayoutVersion},
      {"model", fingerprint(model.file())},
      {"model_version", model.info().version},
      {"model_size", size_text(model.info())},
      {"tokens", std::to_string(sequence.n_tokens)},
      {"sampler_position", std::to_string(sequence.sampler.position)},
  };
  const ConstraintState& drawn = sequence.sampler.constraint;
  if (!drawn.text.empty()) metadata["constraint"] = drawn.digest;
  if (sequence.pending) metadata["pending"] = std::to_string(*sequence.pending);
  return metadata;
}

// The value of a key of the metadata, below `limit`.
uint64_t number_at(const TensorFile& file, const std::string& key, uint64_t limit) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) file.fail("state without '" + key + "' in its metadata");
  const std::string& text = found->second;
  uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || value >= limit) {
    file.fail("metadata '" + key + "' is '" + printable(text) + "', want a number below " +
              std::to_string(limit));
  }
  return value;
}

const TensorView& checked_tensor(const TensorFile& file, const std::string& name, DType dtype,
                                 const Shape& shape) {
  const TensorView& tensor = file.at(name);
  if (tensor.dtype != dtype || tensor.shape != shape || !tensor.packed()) {
    file.fail(tensor_label(name) + ": " + std::string(dtype_info(tensor.dtype).name) +
              to_string(tensor.shape) + ", want " + std::string(dtype_info(dtype).name) + to_string(shape));
  }
  return tensor;
}

// Bytes of files may have any alignment.
template <class T>
void copy_values(const TensorView& tensor, std::span<T> values) {
  std::memcpy(values.data(), tensor.bytes.data(), values.size_bytes());
}

std::string text_at(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? std::string("?") : printable(found->second);
}

void check_layout(const TensorFile& file) {
  const std::string version = text_at(file, kStateFileKey);
  if (version != kLayoutVersion)
    file.fail("state file of version " + version + ", want version " + kLayoutVersion);
}

void check_model(const TensorFile& file, const Model& model) {
  const std::string weights = text_at(file, "model");
  if (weights != fingerprint(model.file())) {
    file.fail("state of another model: RWKV-" + text_at(file, "model_version") + ", " +
              text_at(file, "model_size") + ", weights " + weights + "; want RWKV-" + model.info().version +
              ", " + size_text(model.info()) + ", weights " + fingerprint(model.file()));
  }
}

void check_sum(const TensorFile& file) {
  const auto found = file.metadata().find("checksum");
  if (found == file.metadata().end() || found->second == checksum(file.tensors())) return;
  file.fail("broken: its bytes are not those that were saved");
}

void load_parts(const TensorFile& file, State& state) {
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    for (size_t i = 0; i < state.parts().size(); ++i) {
      const StatePart& part = state.parts()[i];
      copy_values(checked_tensor(file, part_name(layer, part), DType::kF32, part.shape),
                  state.part(layer, i));
    }
  }
}

// Of a text that a constraint binds.
ConstraintState load_constraint(const TensorFile& file) {
  const auto digest = file.metadata().find("constraint");
  if (digest == file.metadata().end()) return {};
  const TensorView& stored = file.at("constraint.text");
  const Shape bytes{stored.bytes.size()};
  std::string text(stored.bytes.size(), '\0');
  copy_values(checked_tensor(file, "constraint.text", DType::kU8, bytes), std::span(text));
  return {.digest = digest->second, .text = std::move(text)};
}

SamplerState load_sampler(const TensorFile& file, size_t n_vocab) {
  SamplerState sampler{.position = number_at(file, "sampler_position", UINT64_MAX)};
  sampler.constraint = load_constraint(file);
  const TensorView* stored = file.find("sampler.ids");
  if (stored == nullptr) return sampler;
  const size_t n = stored->shape.empty() ? 0 : stored->shape[0];
  std::vector<int32_t> ids(n <= n_vocab ? n : 0);
  std::vector<float> counts(ids.size());
  copy_values(checked_tensor(file, "sampler.ids", DType::kI32, {ids.size()}), std::span(ids));
  copy_values(checked_tensor(file, "sampler.counts", DType::kF32, {ids.size()}), std::span(counts));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || static_cast<size_t>(ids[i]) >= n_vocab)
      file.fail("tensor sampler.ids: an id is out of range");
    sampler.counts[static_cast<TokenId>(ids[i])] = counts[i];
  }
  return sampler;
}

// The pending token, or the logits after the last one.
void load_end(const TensorFile& file, size_t n_vocab, Sequence& sequence) {
  sequence.n_tokens = number_at(file, "tokens", UINT64_MAX);
  if (file.metadata().contains("pending")) {
    sequence.pending = static_cast<TokenId>(number_at(file, "pending", n_vocab));
  } else if (sequence.n_tokens > 0) {
    sequence.logits.resize(n_vocab);
    copy_values(checked_tensor(file, "logits", DType::kF32, {n_vocab}), std::span(sequence.logits));
  }
}

Sequence load_package_state(const TensorFile& file, const Model& model) {
  Sequence sequence;
  sequence.state = model.initial_state();
  apply_package_state(file, model.info(), sequence.state);
  return sequence;
}

Sequence load_tuned(const TensorFile& file, State initial) {
  if (!has_tuned_state(file) || file.find("emb.weight") != nullptr) file.fail("not a state file");
  apply_tuned_state(file, initial);
  Sequence sequence;
  sequence.state = std::move(initial);
  return sequence;
}

// A state with NaN is useless: it gives logits of NaN only.
void check_state(const std::filesystem::path& path, const State& state) {
  const auto is_number = [](float x) { return x <= std::numeric_limits<float>::max(); };  // -inf is one
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    for (size_t i = 0; i < state.parts().size(); ++i) {
      if (std::ranges::all_of(state.part(layer, i), is_number)) continue;
      throw Error(ErrorKind::kFormat, path.string() + ": not written: the state is no number (" +
                                          state.parts()[i].name + " of layer " + std::to_string(layer) +
                                          "): the model or the text broke it");
    }
  }
}

}  // namespace

void save_state(const std::filesystem::path& path, const Sequence& sequence, const Model& model,
                std::span<const TokenId> history) {
  check_state(path, sequence.state);
  std::vector<int32_t> ids;
  std::vector<float> counts;
  for (const auto& [id, count] : sequence.sampler.counts) {
    ids.push_back(static_cast<int32_t>(id));
    counts.push_back(count);
  }
  const std::vector<int32_t> past(history.begin(), history.end());
  std::vector<TensorView> tensors;
  add_state(tensors, sequence.state);
  const auto add = [&](const char* name, DType dtype, auto values) {
    if (!values.empty()) tensors.push_back(view_of(name, dtype, {values.size()}, values));
  };
  add("logits", DType::kF32, std::span<const float>(sequence.logits));
  add("sampler.ids", DType::kI32, std::span<const int32_t>(ids));
  add("sampler.counts", DType::kF32, std::span<const float>(counts));
  add("history", DType::kI32, std::span<const int32_t>(past));
  const std::string& drawn = sequence.sampler.constraint.text;
  if (!drawn.empty()) tensors.push_back(text_view("constraint.text", drawn));
  auto metadata = metadata_of(sequence, model);
  metadata["checksum"] = checksum(tensors);
  write_safetensors(path, tensors, metadata);
}

Sequence load_state(const std::filesystem::path& path, const Model& model, const StopPredicate& stop) {
  return load_state(TensorFile::open(path, FileAccess::kMap, stop), model);
}

Sequence load_state(const TensorFile& file, const Model& model) {
  if (has_package_state(file)) return load_package_state(file, model);
  if (!file.metadata().contains(kStateFileKey)) return load_tuned(file, model.initial_state());
  check_layout(file);
  check_model(file, model);
  Sequence sequence;
  sequence.state = model.initial_state();
  load_parts(file, sequence.state);
  load_end(file, model.info().n_vocab, sequence);
  sequence.sampler = load_sampler(file, model.info().n_vocab);
  check_sum(file);
  return sequence;
}

std::vector<TokenId> read_history(const TensorFile& file) {
  if (file.find("history") == nullptr) return {};
  std::vector<int32_t> ids(number_at(file, "tokens", file.file_bytes() / sizeof(int32_t)));
  copy_values(checked_tensor(file, "history", DType::kI32, {ids.size()}), std::span(ids));
  return {ids.begin(), ids.end()};
}

StateInfo read_state_info(const TensorFile& file) {
  check_layout(file);
  StateInfo info{text_at(file, "model_version"), text_at(file, "model_size"), text_at(file, "model")};
  info.n_tokens = number_at(file, "tokens", UINT64_MAX);
  if (file.metadata().contains("pending"))
    info.pending = static_cast<TokenId>(number_at(file, "pending", uint64_t{1} << 32));
  info.has_logits = file.find("logits") != nullptr;
  info.sampler_position = number_at(file, "sampler_position", UINT64_MAX);
  const TensorView* ids = file.find("sampler.ids");
  if (ids != nullptr && !ids->shape.empty()) info.n_counted = ids->shape[0];
  return info;
}

}  // namespace rwkv
