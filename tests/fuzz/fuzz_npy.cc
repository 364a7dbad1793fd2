// Any file: a matrix all of whose rows can be read, or an Error.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/npy.h"
#include "core/error.h"
#include "fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rwkv::MemoryFile file(data, size);
  try {
    const auto matrix = rwkv::NpyFile::open(file.path());
    std::vector<float> row(matrix.rows() > 0 ? matrix.cols() : 0);
    for (uint64_t i = 0; i < matrix.rows() && !row.empty(); ++i) matrix.read_row(i, row);
  } catch (const rwkv::Error&) {
  }
  return 0;
}
