// The plans of a wide weight type. Included once for each SIMD target.

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_WIDE_PLANS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_WIDE_PLANS_INL_H_
#undef RWKV_KERNELS_MATMUL_WIDE_PLANS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_WIDE_PLANS_INL_H_
#endif

#include "kernels/matmul/out_in-inl.h"
#include "kernels/matmul/wide_rows-inl.h"
#include "kernels/matmul/wide_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Codec>
constexpr PlanRow kWidePlans[] = {
    {Layout::kOutIn, 1, plan_of<RowOfOutputs<Codec>>()},
    {Layout::kOutIn, 2, plan_of<RowsOfOutputs<Codec>>()},
    {Layout::kInOut, 1, plan_of<RowOfInputs<Codec>>()},
    {Layout::kInOut, 2, plan_of<RowsOfStoredInputs<Codec>>()},
    {Layout::kTiles, 1, plan_of<RowOfTiles<Codec>>()},
    {Layout::kTiles, 2, plan_of<RowsOfStoredTiles<Codec>>()},
    {Layout::kLines, 1, plan_of<RowOfLines<Codec>>()},
    {Layout::kLines, 2, plan_of<EachRowOfLines<RowOfLines<Codec>>>()},
    {Layout::kLines, kFewRows + 1, plan_of<RowsOfStoredLines<Codec>>()},
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_WIDE_PLANS_INL_H_
