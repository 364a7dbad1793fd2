// The plans of q8, q6 and q4 in tiles. Included once for each SIMD target.
#include <cstddef>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_QUANTISED_TILE_PLANS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_QUANTISED_TILE_PLANS_INL_H_
#undef RWKV_KERNELS_MATMUL_QUANTISED_TILE_PLANS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_QUANTISED_TILE_PLANS_INL_H_
#endif

#include "kernels/matmul/amx-inl.h"
#include "kernels/matmul/quantised_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Products, class Unit>
struct QuantisedRowOfTiles : QuantisedX<Products> {
  static void Multiply(const MatmulJob& job, const XBlock<Products>* x, size_t begin, size_t end,
                       std::byte* /*scratch*/) {
    MultiplyRow<1>(QuantisedKernel<Products, Unit>{x, XStride(job.x.cols)}, job, begin, end);
  }
};

// Kernel: QuantisedKernel or AmxKernel.
template <class Products, class Kernel>
struct QuantisedRowsOfTiles : QuantisedX<Products> {
  static constexpr size_t kScratchBytes = kPanelSums * sizeof(float);
  static void Multiply(const MatmulJob& job, const XBlock<Products>* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const Kernel kernel{x, XStride(job.x.cols)};
    StoredTiles<Kernel> source(*job.w);
    MultiplyByPanels(kernel, source, job, begin, end, reinterpret_cast<float*>(scratch));
  }
};

template <class Products, class Unit>
constexpr PlanRow kTilePlans[] = {
    {Layout::kTiles, 1, plan_of<QuantisedRowOfTiles<Products, Unit>>()},
    {Layout::kTiles, 2, plan_of<QuantisedRowsOfTiles<Products, QuantisedKernel<Products, Unit>>>()},
};

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
template <class Unit>
constexpr PlanRow kAmxTilePlans[] = {
    kTilePlans<Vnni, Unit>[0],
    kTilePlans<Vnni, Unit>[1],
    { Layout::kTiles, kAmxRows, plan_of<ByAmx<QuantisedRowsOfTiles<Vnni, AmxKernel<Unit>>>>() },
};
#endif

template <class Unit>
PlanTable TilePlans() {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  if (uses_extension(Extension::kAmx, HWY_TARGET)) return kAmxTilePlans<Unit>;
#endif
  return WithByteProducts([](auto products) -> PlanTable { return kTilePlans<decltype(products), Unit>; });
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_QUANTISED_TILE_PLANS_INL_H_
