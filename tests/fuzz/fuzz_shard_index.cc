// Fuzzes the reader of a sharded checkpoint's index.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/error.h"
#include "formats/shard_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    rwkv::looks_like_shard_index(bytes);
    for (const auto& [shard, names] : rwkv::parse_shard_index(bytes)) {
      if (shard.empty() || shard.find('/') != shard.npos || names.empty()) std::abort();
    }
  } catch (const rwkv::Error&) {
  }
  return 0;
}
