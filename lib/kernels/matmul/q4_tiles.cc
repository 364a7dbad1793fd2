// Products with q4 weights in tiles.
#include "kernels/matmul/plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/q4_tiles.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/quantised_tile_plans-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace {
PlanTable PlansQ4Tiles() { return TilePlans<Q4Unit>(); }
}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(PlansQ4Tiles);
PlanTable plans_q4_tiles() { return HWY_DYNAMIC_DISPATCH(PlansQ4Tiles)(); }
}  // namespace rwkv
#endif  // HWY_ONCE
