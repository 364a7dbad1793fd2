// Differential: a random tiny model gives the same bits token by token, and chunked and batched on two
// threads. Bytes: version, dtype, seed; then of each token its sequence (two bits), whether a chunk ends
// behind it (one bit), and itself.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "checkpoint/convert.h"
#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "fuzz/memory_file.h"
#include "model/model.h"
#include "sampling/rng.h"
#include "support/golden_model.h"

namespace {

using namespace rwkv;

constexpr size_t kSequences = 4, kMaxTokens = 64;

// The tensors of a golden model with other values, finite and of its order.
void write_random(const MemoryFile& target, const std::string& version, DType dtype, uint64_t seed) {
  const TensorFile golden = TensorFile::open(golden_model(version));
  std::vector<std::vector<uint16_t>> values;
  std::vector<TensorView> tensors;
  for (TensorView tensor : golden.tensors()) {
    auto& bits = values.emplace_back(element_count(tensor.shape));
    std::memcpy(bits.data(), tensor.bytes.data(), bits.size() * sizeof(uint16_t));
    // Mantissas change; signs and exponents stay.
    for (uint16_t& b : bits)
      b ^= static_cast<uint16_t>(uniform(seed, tensors.size() * 100'000 + size_t(&b - bits.data())) * 128);
    tensor.bytes = std::as_bytes(std::span(bits));
    tensors.push_back(tensor);
  }
  const MemoryFile plain;
  write_safetensors(plain.path(), tensors, {});
  convert(TensorFile::open(plain.path()), target.path(), {.dtype = dtype}, [](uint64_t, uint64_t) {});
}

struct Input {
  std::array<std::vector<TokenId>, kSequences> tokens;
  std::array<std::vector<size_t>, kSequences> cuts;
};

struct Result {
  std::array<State, kSequences> states;
  std::array<std::vector<float>, kSequences> logits;
};

Input input_of(std::span<const uint8_t> bytes, size_t n_vocab) {
  Input input;
  for (const uint8_t byte : bytes.first(std::min(bytes.size(), kMaxTokens))) {
    auto& tokens = input.tokens[byte % kSequences];
    tokens.push_back(static_cast<TokenId>(byte * 7919u % n_vocab));
    if ((byte & 4) != 0) input.cuts[byte % kSequences].push_back(tokens.size());
  }
  for (size_t i = 0; i < kSequences; ++i) input.cuts[i].push_back(input.tokens[i].size());
  return input;
}

void forward(const Model& model, std::span<const Segment> batch, std::span<const size_t> of, Result& result,
             Workspace& workspace) {
  if (batch.empty()) return;
  const size_t n_vocab = model.info().n_vocab;
  std::vector<float> logits(batch.size() * n_vocab);
  model.forward(batch, LogitRows::kLast, {logits.data(), batch.size(), n_vocab, n_vocab}, workspace);
  for (size_t i = 0; i < of.size(); ++i)
    result.logits[of[i]].assign(logits.begin() + ptrdiff_t(i * n_vocab),
                                logits.begin() + ptrdiff_t((i + 1) * n_vocab));
}

Result one_by_one(const Model& model, const Input& input) {
  Workspace workspace(1);
  Result result;
  for (size_t i = 0; i < kSequences; ++i) {
    result.states[i] = model.initial_state();
    for (const TokenId& token : input.tokens[i]) {
      const Segment segment{{&token, 1}, &result.states[i]};
      forward(model, {&segment, 1}, std::array{i}, result, workspace);
    }
  }
  return result;
}

// Round n takes chunk n of every sequence that has one.
Result batched(const Model& model, const Input& input) {
  Workspace workspace(2);
  Result result;
  result.states.fill(model.initial_state());
  std::array<size_t, kSequences> begins{};
  for (size_t round = 0; round <= kMaxTokens; ++round) {
    std::vector<Segment> batch;
    std::vector<size_t> of;
    for (size_t i = 0; i < kSequences; ++i) {
      if (round >= input.cuts[i].size() || input.cuts[i][round] == begins[i]) continue;
      const size_t end = input.cuts[i][round];
      batch.push_back({std::span(input.tokens[i]).subspan(begins[i], end - begins[i]), &result.states[i]});
      of.push_back(i);
      begins[i] = end;
    }
    forward(model, batch, of, result, workspace);
  }
  return result;
}

void compare(std::span<const float> a, std::span<const float> b) {
  const auto is_same = [](float x, float y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  };
  if (!std::ranges::equal(a, b, is_same)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::array kVersions = {"v4", "v5.2", "v6", "v7"};
  constexpr std::array kStoredTypes = {DType::kF32, DType::kF16, DType::kBf16,
                                       DType::kQ8,  DType::kQ6,  DType::kQ4};
  if (size < 4) return 0;
  const MemoryFile file;
  write_random(file, kVersions[data[0] % kVersions.size()], kStoredTypes[data[1] % kStoredTypes.size()],
               data[2]);
  const Model model = Model::load(file.path());
  const Input input = input_of({data + 3, size - 3}, model.info().n_vocab);
  const Result a = one_by_one(model, input), b = batched(model, input);
  for (size_t i = 0; i < kSequences; ++i) {
    compare(a.logits[i], b.logits[i]);
    for (size_t layer = 0; layer < a.states[i].n_layers(); ++layer) {
      for (size_t part = 0; part < a.states[i].parts().size(); ++part)
        compare(a.states[i].part(layer, part), b.states[i].part(layer, part));
    }
  }
  return 0;
}
