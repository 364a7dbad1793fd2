// How the products of a job are done: chosen once a job, by the form of its weights, its number of rows and
// the SIMD target.
#pragma once
#include <cstddef>
#include <span>
#include <type_traits>

#include "kernels/matmul/matmul.h"

namespace rwkv {

struct MatmulPlan {
  size_t grain;          // outputs are divided at multiples of it: what the kernel takes at once
  size_t pieces;         // into which each of several threads divides its share of the outputs
  size_t scratch_bytes;  // of a thread, a multiple of 64

  // What rows of x become before they are multiplied; nothing and null where the kernel reads x as it is.
  // `prepared`, 64-byte aligned, has room for all rows; `x` is row `row`, which may lie elsewhere than in the
  // job.
  size_t (*prepared_bytes)(const MatmulJob& job) = nullptr;
  void (*prepare_row)(const MatmulJob& job, size_t row, const float* x, std::byte* prepared) = nullptr;

  // Computes outputs [begin, end), begin a multiple of grain. `scratch` is 64-byte aligned.
  void (*multiply)(const MatmulJob& job, const std::byte* prepared, size_t begin, size_t end,
                   std::byte* scratch) = nullptr;
};

// The plan of a Kernel: a type with
//   kGrain, kScratchBytes, and kPieces where 8 pieces are not right;
//   X: what rows of x become; void where they are read as they are. Else also
//     XCount(job): how many X all rows of the job make, and
//     PrepareRow(job, row, x, prepared), which writes those of a row, prepared being the job's first;
//   Multiply(job, [prepared,] begin, end, scratch).
// Only here is what a kernel prepared cast to bytes, and back for the same kernel.
template <class Kernel>
constexpr MatmulPlan plan_of() {
  using X = typename Kernel::X;
  static_assert(Kernel::kScratchBytes % 64 == 0);
  MatmulPlan plan{.grain = Kernel::kGrain, .pieces = 8, .scratch_bytes = Kernel::kScratchBytes};
  if constexpr (requires { Kernel::kPieces; }) plan.pieces = Kernel::kPieces;
  if constexpr (std::is_void_v<X>) {
    plan.multiply = [](const MatmulJob& job, const std::byte* /*prepared*/, size_t begin, size_t end,
                       std::byte* scratch) { Kernel::Multiply(job, begin, end, scratch); };
  } else {
    static_assert(std::is_trivially_copyable_v<X> && alignof(X) <= 64);
    plan.prepared_bytes = [](const MatmulJob& job) { return Kernel::XCount(job) * sizeof(X); };
    plan.prepare_row = [](const MatmulJob& job, size_t row, const float* x, std::byte* prepared) {
      Kernel::PrepareRow(job, row, x, reinterpret_cast<X*>(prepared));
    };
    plan.multiply = [](const MatmulJob& job, const std::byte* prepared, size_t begin, size_t end,
                       std::byte* scratch) {
      Kernel::Multiply(job, reinterpret_cast<const X*>(prepared), begin, end, scratch);
    };
  }
  return plan;
}

// A weight type's plan for a layout and so many rows of x or more.
struct PlanRow {
  Layout layout;
  size_t least_rows;
  MatmulPlan plan;
};
using PlanTable = std::span<const PlanRow>;  // least_rows of a layout ascending, from 1

const MatmulPlan& plan_for(const MatmulJob& job);

// The tables of the weight types, each in the file of its name.
PlanTable plans_f32();
PlanTable plans_f16();
PlanTable plans_bf16();
PlanTable plans_bf16_bf16();
PlanTable plans_q8();
PlanTable plans_q6();
PlanTable plans_q4();

// Writes or adds `count` sums of row `row`, of outputs from `output` on.
inline void store_sums(const MatmulJob& job, size_t row, size_t output, const float* sums, size_t count) {
  float* y = job.y.row_data(row) + output;
  for (size_t i = 0; i < count; ++i) y[i] = job.store == Store::kAdd ? y[i] + sums[i] : sums[i];
}

}  // namespace rwkv
