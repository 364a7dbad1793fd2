// Fuzzes the pickle machine, and what makes tensors of its values.
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"
#include "formats/pickle.h"
#include "formats/state_dict.h"

// Storages are given the bytes they ask for, as far as these are few.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    rwkv::ByteReader in(std::as_bytes(std::span(data, size)));
    const rwkv::Pickle pickle = rwkv::parse_pickle(in);
    auto storages = rwkv::storages_of(pickle);
    const std::vector<std::byte> bytes(1 << 12);
    for (auto& [key, storage] : storages) storage.bytes = bytes;
    for (const auto& tensor : rwkv::tensors_of(pickle, storages)) {
      std::vector<std::byte> scratch;
      rwkv::packed_bytes(tensor, scratch);
    }
  } catch (const rwkv::Error&) {
  }
  return 0;
}
