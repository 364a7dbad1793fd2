// Products with f16 weights.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/f16.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/wide_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansF16() { return kWidePlans<CodecF16>; }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansF16);
PlanTable plans_f16() { return HWY_DYNAMIC_DISPATCH(PlansF16)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
