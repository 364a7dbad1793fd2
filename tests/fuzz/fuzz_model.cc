// Any file: a model that runs, or an Error. Its shapes, dtypes, packed layouts and metadata are what is
// tried.
#include <cstdint>
#include <vector>

#include "core/error.h"
#include "fuzz/memory_file.h"
#include "model/model.h"

namespace {

void run(const rwkv::Model& model) {
  const size_t n_vocab = model.info().n_vocab;
  const std::vector<rwkv::TokenId> tokens{0, static_cast<rwkv::TokenId>(n_vocab - 1),
                                          static_cast<rwkv::TokenId>(n_vocab / 2)};
  rwkv::State state = model.initial_state();
  std::vector<float> logits(n_vocab);
  rwkv::Workspace workspace(1);
  const rwkv::Segment segment{tokens, &state};
  model.forward({&segment, 1}, rwkv::LogitRows::kLast, {logits.data(), 1, n_vocab, n_vocab}, workspace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rwkv::MemoryFile file(data, size);
  try {
    run(rwkv::Model::load(file.path()));
  } catch (const rwkv::Error&) {
  }
  return 0;
}
