// Products with q8 weights.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/q8.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/quantised_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansQ8() { return QuantisedPlans<Q8Unit, Q8Line>(); }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansQ8);
PlanTable plans_q8() { return HWY_DYNAMIC_DISPATCH(PlansQ8)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
