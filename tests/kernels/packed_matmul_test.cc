// matmul() with weights in tiles and in lines, wide and quantised.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <string>

#include "kernels/matmul/matmul.h"
#include "support/amx_emulator.h"
#include "support/matrices.h"
#include "support/products.h"
#include "support/targets.h"

namespace rwkv {
namespace {

// Before targets are asked for.
const bool amx_is_emulated = emulate_amx();

struct Form {
  DType dtype;
  Layout layout;

  bool quantises_x() const { return is_quantised(dtype); }
  bool rounds_x() const { return dtype == DType::kBf16Bf16; }
};
constexpr Form kForms[] = {
    {DType::kF32, Layout::kTiles},      {DType::kF16, Layout::kTiles},      {DType::kBf16, Layout::kTiles},
    {DType::kQ8, Layout::kTiles},       {DType::kQ4, Layout::kTiles},       {DType::kF32, Layout::kLines},
    {DType::kF16, Layout::kLines},      {DType::kBf16, Layout::kLines},     {DType::kQ8, Layout::kLines},
    {DType::kQ4, Layout::kLines},       {DType::kQ6, Layout::kTiles},       {DType::kQ6, Layout::kLines},
    {DType::kBf16Bf16, Layout::kTiles}, {DType::kBf16Bf16, Layout::kLines},
};

// Random weights in a form, and what they are worth, row by row.
struct Weights {
  Form form;
  OwnedMatrix stored;
  std::vector<float> values;
  Matrix matrix;

  Weights(const Form& wanted, size_t rows, size_t cols)
      : form(wanted),
        stored(packed(random_matrix(DType::kF32, rows, cols).view, form.dtype, form.layout)),
        values(unpacked(stored.view)),
        matrix{form.dtype, form.layout, rows, cols, stored.bytes} {}

  std::string name() const {
    return form_name(form.dtype, form.layout) + " " + std::to_string(matrix.rows) + " x " +
           std::to_string(matrix.cols);
  }
};

// As relu² leaves it.
std::vector<float> sparse_x(size_t n) {
  std::vector<float> x = random_rows(n, 3);
  for (float& v : x) v = v > 0.7F ? v * v : 0;
  return x;
}

// x as kernels quantise it: 8 bits, a scale for each block of 32.
std::vector<float> quantised(const float* x, size_t n) {
  std::vector<float> values(n);
  for (size_t begin = 0; begin < n; begin += kQuantBlock) {
    const size_t end = std::min(n, begin + kQuantBlock);
    float largest = 0;
    for (size_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(x[i]));
    const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
    for (size_t i = begin; i < end; ++i) values[i] = largest * (1 / 127.0F) * std::nearbyint(x[i] * inverse);
  }
  return values;
}

std::vector<float> rounded_to_bf16(const float* x, size_t n) {
  std::vector<uint16_t> narrow(n);
  std::vector<float> values(n);
  cast_elements(DType::kF32, std::as_bytes(std::span(x, n)), DType::kBf16,
                std::as_writable_bytes(std::span(narrow)));
  cast_elements(DType::kBf16, std::as_bytes(std::span(narrow)), DType::kF32,
                std::as_writable_bytes(std::span(values)));
  return values;
}

// x as it is multiplied.
std::vector<float> taken_x(const Form& form, const float* x, size_t n) {
  if (form.rounds_x()) return rounded_to_bf16(x, n);
  return form.quantises_x() ? quantised(x, n) : std::vector<float>(x, x + n);
}

// One row times the weights of an output, in double precision; and the sum of the magnitudes.
struct Expected {
  double sum = 0, magnitude = 0;

  Expected(const float* weights, const float* x, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      const double term = static_cast<double>(weights[i]) * static_cast<double>(x[i]);
      sum += term;
      magnitude += std::abs(term);
    }
  }
};

void expect_near_double(const Weights& w, const std::vector<float>& x, const std::vector<float>& y,
                        double added = 0) {
  const size_t rows = w.matrix.rows, cols = w.matrix.cols;
  for (size_t t = 0; t < y.size() / rows; ++t) {
    const float* exact = &x[t * cols];
    const auto rounded = taken_x(w.form, exact, cols);
    for (size_t r = 0; r < rows; ++r) {
      const Expected want(&w.values[r * cols], rounded.data(), cols);
      ASSERT_NEAR(y[t * rows + r], want.sum + added, 2e-6 * (want.magnitude + added) + 1e-9)
          << w.name() << ", row " << t << ", output " << r;
      const Expected unrounded(&w.values[r * cols], exact, cols);
      ASSERT_NEAR(y[t * rows + r], unrounded.sum + added, 0.02 * unrounded.magnitude + 0.02)
          << w.name() << ", row " << t << ", output " << r;
    }
  }
}

class PackedMatmulOn : public OnEachTarget {};

TEST_P(PackedMatmulOn, EveryTailLengthOfInputs) {
  for (const Form& form : kForms) {
    for (size_t cols = 1; cols <= 140; cols += cols < 70 ? 1 : 7) {
      const Weights w(form, 17, cols);
      for (const size_t n_rows : {1, 2}) {
        const auto x = random_rows(n_rows * cols);
        expect_near_double(w, x, product(w.matrix, x, n_rows));
      }
    }
  }
}

TEST_P(PackedMatmulOn, EveryTailLengthOfOutputsAndRows) {
  for (const Form& form : kForms) {
    for (size_t outputs = 1; outputs <= 70; outputs += 3) {
      const Weights w(form, outputs, 37);
      for (size_t n_rows = 1; n_rows <= 18; ++n_rows) {
        const auto x = random_rows(n_rows * 37);
        expect_near_double(w, x, product(w.matrix, x, n_rows, 1, Store::kAdd), 1);
      }
    }
  }
}

TEST_P(PackedMatmulOn, SeveralStripsPanelsAndChunks) {
  for (const Form& form : kForms) {
    const Weights wide(form, 9, 700), tall(form, 2100, 40);
    const auto x = random_rows(130 * 700);
    expect_near_double(wide, x, product(wide.matrix, x, 130));
    const auto one = random_rows(40);
    expect_near_double(tall, one, product(tall.matrix, one, 1, 2));
  }
}

TEST_P(PackedMatmulOn, SparseInputs) {
  for (const Form& form : kForms) {
    const Weights w(form, 83, 333);
    for (const size_t n_rows : {1, 5}) {
      const auto x = sparse_x(n_rows * 333);
      expect_near_double(w, x, product(w.matrix, x, n_rows));
    }
    const std::vector<float> zeros(333);
    for (const float y : product(w.matrix, zeros, 1)) ASSERT_EQ(y, 0) << w.name();
  }
}

TEST_P(PackedMatmulOn, ARowHasTheSameBitsWithAnyNeighboursAndThreads) {
  for (const Form& form : kForms) {
    const Weights w(form, 83, 541);
    for (const auto& x : {random_rows(67 * 541), sparse_x(67 * 541)}) {
      const auto all = product(w.matrix, x, 67);
      for (const size_t n_threads : {2, 3, 5})
        ASSERT_EQ(product(w.matrix, x, 67, n_threads), all) << w.name();
      for (const size_t row : {0, 1, 30, 66}) {
        const std::vector<float> alone(x.begin() + row * 541, x.begin() + (row + 1) * 541);
        const std::vector<float> want(all.begin() + row * 83, all.begin() + (row + 1) * 83);
        ASSERT_EQ(product(w.matrix, alone, 1), want) << w.name();
        ASSERT_EQ(product(w.matrix, alone, 1, 3), want) << w.name();
      }
    }
  }
}

TEST_P(PackedMatmulOn, UnalignedWeights) {
  for (const Form& form : kForms) {
    Weights w(form, 40, 100);
    const auto x = random_rows(2 * 100), aligned = product(w.matrix, x, 2);
    std::vector<std::byte> shifted(w.stored.bytes.size() + 1);
    std::ranges::copy(w.stored.bytes, shifted.begin() + 1);
    w.matrix.bytes = std::span(shifted).subspan(1);
    EXPECT_EQ(product(w.matrix, x, 2), aligned) << w.name();
  }
}

RWKV_TEST_ON_EACH_TARGET(PackedMatmulOn);

TEST(PackedMatmul, SameBitsOnEveryTargetWithFma) {
  for (const Form& form : kForms) {
    const Weights w(form, 53, 1051);
    for (const auto& x : {random_rows(39 * 1051), sparse_x(39 * 1051)}) {
      expect_same_bits_on_all_targets([&] { return product(w.matrix, x, 39); });
      expect_same_bits_on_all_targets([&] { return product(w.matrix, x, 1); });
    }
  }
}

// What vdpbf16ps computes for a pair of inputs, denormal numbers taken for zero.
float flushed(float x) { return std::abs(x) < 0x1p-126F ? std::copysign(0.0F, x) : x; }
float add_pair(const float* w, const float* x, float sum) {
  sum = flushed(std::fma(flushed(w[1]), flushed(x[1]), sum));
  return flushed(std::fma(flushed(w[0]), flushed(x[0]), sum));
}

TEST(PackedMatmul, PairsOfBf16AreAddedInOrderAndDenormalsAreZero) {
  if (targets_with_fma().empty()) GTEST_SKIP() << "no FMA here";
  constexpr size_t kInputs = 70, kOutputs = 64, kRows = 5;
  for (const float scale : {1.0F, 0x1p-30F, 0x1p-62F, 0x1p-64F, 0x1p-100F, 0x1p-126F, 0x1p-130F}) {
    auto weights = random_rows(kOutputs * kInputs, 5), x = random_rows(kRows * kInputs, 6);
    for (float& w : weights) w *= scale;
    for (float& v : x) v *= 0x1p-63F;
    OwnedMatrix plain(DType::kBf16, Layout::kOutIn, kOutputs, kInputs);
    cast_elements(DType::kF32, std::as_bytes(std::span(weights)), DType::kBf16, plain.bytes);
    weights = unpacked(plain.view);
    x = rounded_to_bf16(x.data(), x.size());
    for (const Layout layout : {Layout::kTiles, Layout::kLines}) {
      const OwnedMatrix stored = packed(plain.view, DType::kBf16Bf16, layout);
      const Matrix w{DType::kBf16Bf16, layout, kOutputs, kInputs, stored.bytes};
      for (const std::string& target : targets_with_fma()) {
        pin_target(target);
        for (const size_t n_rows : {size_t{1}, kRows}) {
          const auto y = product(w, x, n_rows);
          for (size_t i = 0; i < y.size(); ++i) {
            float want = 0;
            for (size_t c = 0; c < kInputs; c += 2)
              want = add_pair(&weights[i % kOutputs * kInputs + c], &x[i / kOutputs * kInputs + c], want);
            ASSERT_EQ(y[i], want) << target << ' ' << layout_name(layout) << ", scale " << scale << ", " << i;
          }
        }
      }
      unpin_target();
    }
  }
}

TEST(PackedMatmul, LazyRowsAreMadeOnceEach) {
  constexpr size_t kInputs = 70;
  for (const Form& form : kForms) {
    const Weights w(form, 40, kInputs);
    for (const size_t n_rows : {1, 2, 400}) {
      const auto x = random_rows(n_rows * kInputs);
      std::vector<float> halves = x, y(n_rows * w.matrix.rows);
      for (float& v : halves) v /= 2;
      const MatSpan<float> place(halves.data(), n_rows, kInputs);
      std::vector<std::atomic<int>> times_made(n_rows);
      const auto twice_what_is_there = [&](size_t row, std::span<float> out) {
        ++times_made[row];
        std::ranges::transform(place.row(row), out.begin(), [](float v) { return 2 * v; });
      };
      ThreadPool pool(3);
      matmul({{&w.matrix, LazyRows{place, twice_what_is_there}, {y.data(), n_rows, w.matrix.rows}}}, pool);
      EXPECT_EQ(y, product(w.matrix, x, n_rows)) << w.name();
      for (const auto& times : times_made) ASSERT_EQ(times, 1) << w.name();
    }
  }
}

TEST(PackedMatmul, ManyRowsGoThroughAmx) {
  if (!amx_is_emulated) GTEST_SKIP() << "AMX is there, or AVX3_DL is not";
  constexpr size_t kOutputs = 32, kInputs = 100, kRows = 16 + 16 + 3;
  const auto x = random_rows(kRows * kInputs);
  for (const Form& form : kForms) {
    if (!form.quantises_x()) continue;
    const Weights w(form, kOutputs, kInputs);
    const size_t before = emulated_amx_products();
    product(w.matrix, x, kRows);
    // 2 x 16 rows, 2 tiles of outputs, 2 units of 64 inputs of 2 blocks
    EXPECT_EQ(emulated_amx_products() - before, 2 * 2 * 4) << w.name();
  }
}

}  // namespace
}  // namespace rwkv
