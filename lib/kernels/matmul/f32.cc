// Products with f32 weights.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/f32.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/wide_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansF32() { return kWidePlans<CodecF32>; }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansF32);
PlanTable plans_f32() { return HWY_DYNAMIC_DISPATCH(PlansF32)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
