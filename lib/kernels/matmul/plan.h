// How a job's products are computed: chosen once for each job, by the dtype and layout of its weights, its
// number of rows and the SIMD target.
#pragma once
#include <cstddef>
#include <span>
#include <type_traits>

#include "kernels/matmul/matmul.h"

namespace rwkv {

struct MatmulPlan {
  size_t grain;          // outputs that the kernel takes at once: ranges begin at multiples
  size_t pieces;         // into which each of several threads divides its outputs
  size_t scratch_bytes;  // for each thread; a multiple of 64

  // The form that rows of x get before the product; null where the kernel reads x itself.
  // `prepared`, 64-byte aligned, has room for all rows; `x` is row `row`, at any place in
  // memory.
  size_t (*prepared_bytes)(const MatmulJob& job) = nullptr;
  void (*prepare_row)(const MatmulJob& job, size_t row, const float* x, std::byte* prepared) = nullptr;

  // Computes outputs [begin, end); begin is a multiple of grain. `scratch` is 64-byte aligned.
  void (*multiply)(const MatmulJob& job, const std::byte* prepared, size_t begin, size_t end,
                   std::byte* scratch) = nullptr;
};

// The plan of a Kernel: a type with
//   kGrain, kScratchBytes, and kPieces if not 8;
//   X: the prepared form of x; void if the kernel reads x itself. Unless void, also
//     XCount(job): the number of X for all rows of the job, and
//     PrepareRow(job, row, x, prepared), which writes those of a row; prepared is the job's first;
//   Multiply(job, [prepared,] begin, end, scratch).
// Here alone a kernel's prepared x is cast to bytes, and back for the same kernel.
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

// A weight type's plan for a layout and for at least so many rows of x.
struct PlanRow {
  Layout layout;
  size_t least_rows;
  MatmulPlan plan;
};
using PlanTable = std::span<const PlanRow>;  // least_rows of each layout ascend from 1

const MatmulPlan& plan_for(const MatmulJob& job);

// The tables of the weight types, each in the file of its name. A quantised type has one for each layout,
// since one file with both would take long to compile.
PlanTable plans_f32();
PlanTable plans_f16();
PlanTable plans_bf16();
PlanTable plans_bf16_bf16();
PlanTable plans_q8_tiles();
PlanTable plans_q8_lines();
PlanTable plans_q6_tiles();
PlanTable plans_q6_lines();
PlanTable plans_q4_tiles();
PlanTable plans_q4_lines();

// Writes or adds `count` sums of row `row`, for the outputs from `output` on.
inline void store_sums(const MatmulJob& job, size_t row, size_t output, const float* sums, size_t count) {
  float* y = job.y.row_data(row) + output;
  for (size_t i = 0; i < count; ++i) y[i] = job.store == Store::kAdd ? y[i] + sums[i] : sums[i];
}

}  // namespace rwkv
