// Any file: a state of the golden RWKV-7 model, a tuned one, or an Error. What is read can be written and
// read again.
#include <cstdint>
#include <cstring>

#include "core/error.h"
#include "fuzz/memory_file.h"
#include "session/state_file.h"
#include "support/golden_model.h"

namespace {

bool same(const rwkv::State& a, const rwkv::State& b) {
  for (size_t layer = 0; layer < a.n_layers(); ++layer) {
    for (size_t i = 0; i < a.parts().size(); ++i) {
      const auto x = a.part(layer, i), y = b.part(layer, i);
      if (x.size() != y.size() || std::memcmp(x.data(), y.data(), x.size_bytes()) != 0) return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto model = rwkv::Model::load(rwkv::golden_model("v7"));
  const rwkv::MemoryFile file(data, size), again;
  try {
    const rwkv::Sequence sequence = rwkv::load_state(file.path(), model);
    if (sequence.pending && *sequence.pending >= model.info().n_vocab) __builtin_trap();
    rwkv::save_state(again.path(), sequence, model);
    const rwkv::Sequence read = rwkv::load_state(again.path(), model);
    if (!same(sequence.state, read.state) || sequence.n_tokens != read.n_tokens) __builtin_trap();
  } catch (const rwkv::Error&) {
  }
  return 0;
}
