// Products with q6 weights.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/q6.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/quantised_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansQ6() { return QuantisedPlans<Q6Unit, Q6Line>(); }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansQ6);
PlanTable plans_q6() { return HWY_DYNAMIC_DISPATCH(PlansQ6)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
