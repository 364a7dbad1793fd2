// W x for q8 and q4 in tiles.
#include "kernels/matmul_parts.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_quantised.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/quantised_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Unit>
void Quantised(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  const auto* w = reinterpret_cast<const uint8_t*>(job.w->bytes.data());
  for (size_t first = 0; first < job.x.rows; first += kQuantChunk) {
    const QuantisedRows x = QuantiseChunk(job, first, scratch);
    TilesTimesChunk<Unit>(x, w + begin / kTileOutputs * (x.n_blocks / 2) * Unit::kBytes, begin, end);
  }
}

void QuantisedQ8(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q8Unit>(job, begin, end, scratch);
}
void QuantisedQ4(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q4Unit>(job, begin, end, scratch);
}
size_t ScratchBytes(const MatmulJob& job) { return ChunkBytes(job); }

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(QuantisedQ8);
HWY_EXPORT(QuantisedQ4);
HWY_EXPORT(ScratchBytes);

size_t quantised_scratch_bytes(const MatmulJob& job) { return HWY_DYNAMIC_DISPATCH(ScratchBytes)(job); }

void matmul_quantised_tiles(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(QuantisedQ8)(job, begin, end, scratch);
  HWY_DYNAMIC_DISPATCH(QuantisedQ4)(job, begin, end, scratch);
}

}  // namespace rwkv
#endif  // HWY_ONCE
