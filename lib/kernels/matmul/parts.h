// The parts of matmul(), one a layout: each computes outputs [begin, end) of a job on the calling thread.
// begin is a multiple of 16; of what is in lines, of line_outputs().
#pragma once
#include <cstddef>

#include "kernels/matmul/matmul.h"

namespace rwkv {

// Wide weights. `scratch`, 64-byte aligned, has as many bytes as the function beside it says.
void matmul_out_in(const MatmulJob& job, size_t begin, size_t end);
void matmul_row_of_tiles(const MatmulJob& job, size_t begin, size_t end);  // job.x.rows == 1
void matmul_row_in_out(const MatmulJob& job, size_t begin, size_t end);    // job.x.rows == 1
void matmul_rows_of_tiles(const MatmulJob& job, size_t begin, size_t end,
                          std::byte* scratch);  // and of lines, and kInOut
size_t rows_of_tiles_scratch_bytes();

// A single row of x and weights in lines, for which there are kernels that do not read inputs whose x is
// zero.
inline bool is_row_of_lines(const MatmulJob& job) {
  return job.x.rows == 1 && job.w->layout == Layout::kLines;
}

// Wide weights of such a job. `active`, the inputs whose x is not zero, is what find_active_inputs() writes:
// active_inputs_bytes() of them, 64-byte aligned.
size_t active_inputs_bytes(const MatmulJob& job);
void find_active_inputs(const MatmulJob& job, std::byte* active);
void matmul_row_of_lines(const MatmulJob& job, std::byte* active, size_t begin, size_t end);

// q8, q6 and q4. They multiply codes of x, which quantise_row() makes of row `row`, given as x, at its place
// in `codes`, quantised_x_bytes(), 64-byte aligned.
size_t quantised_x_bytes(const MatmulJob& job);
void quantise_row(const MatmulJob& job, size_t row, const float* x, std::byte* codes);
void matmul_quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end,
                      std::byte* scratch);
size_t quantised_scratch_bytes();
void matmul_quantised_row_of_lines(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end);

// Writes or adds `count` sums of row `row`, of outputs from `output` on.
inline void store_sums(const MatmulJob& job, size_t row, size_t output, const float* sums, size_t count) {
  float* y = job.y.row_data(row) + output;
  for (size_t i = 0; i < count; ++i) y[i] = job.store == Store::kAdd ? y[i] + sums[i] : sums[i];
}

}  // namespace rwkv
