// Products with bf16 weights.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/bf16.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/wide_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansBf16() { return kWidePlans<CodecBf16>; }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansBf16);
PlanTable plans_bf16() { return HWY_DYNAMIC_DISPATCH(PlansBf16)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
