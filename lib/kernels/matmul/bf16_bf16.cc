// Products with bf16 weights whose x is rounded to bf16 too.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/bf16_bf16.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/bf16_pairs-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansBf16Bf16() { return PairPlans(); }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansBf16Bf16);
PlanTable plans_bf16_bf16() { return HWY_DYNAMIC_DISPATCH(PlansBf16Bf16)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
