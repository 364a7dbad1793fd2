#include "kernels/matmul/plan.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace rwkv {
namespace {

struct TypePlans {
  DType dtype;
  PlanTable (*plans)();
  PlanTable (*more_plans)() = nullptr;
};
// In the order of the enum.
constexpr auto kTypes = std::to_array<TypePlans>({{DType::kF32, plans_f32},
                                                  {DType::kF16, plans_f16},
                                                  {DType::kBf16, plans_bf16},
                                                  {DType::kBf16Bf16, plans_bf16_bf16},
                                                  {DType::kQ8, plans_q8_tiles, plans_q8_lines},
                                                  {DType::kQ6, plans_q6_tiles, plans_q6_lines},
                                                  {DType::kQ4, plans_q4_tiles, plans_q4_lines}});
static_assert(std::ranges::is_sorted(kTypes, {}, &TypePlans::dtype) &&
              std::ranges::all_of(kDTypes, [](const DTypeInfo& info) {
                return info.has_products == (std::ranges::count(kTypes, info.dtype, &TypePlans::dtype) == 1);
              }));

}  // namespace

const MatmulPlan& plan_for(const MatmulJob& job) {
  const auto type = std::ranges::find(kTypes, job.w->dtype, &TypePlans::dtype);
  assert(type != kTypes.end() && "no kernel multiplies with this type");
  const MatmulPlan* plan = nullptr;
  for (const auto plans : {type->plans, type->more_plans}) {
    if (plans == nullptr) continue;
    for (const PlanRow& row : plans()) {
      if (row.layout == job.w->layout && row.least_rows <= std::max<size_t>(1, job.x.rows)) plan = &row.plan;
    }
  }
  assert(plan != nullptr && "nor in this layout");
  return *plan;
}

}  // namespace rwkv
