#include "kernels/matmul/matmul.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>

#include "kernels/widen.h"
#include "support/products.h"
#include "support/targets.h"

namespace rwkv {
namespace {

uint16_t bf16_of(float x) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(x) >> 16); }

// Normal values below 2 in magnitude, as f16 bits, without a denormal.
uint16_t f16_of(std::mt19937& rng) {
  return static_cast<uint16_t>((rng() & 0x83FF) | (10 + rng() % 6) << 10);
}

// Random stored weights and what they are worth.
struct Weights {
  Matrix matrix;
  std::vector<std::byte> bytes;
  std::vector<float> values;  // in memory order

  Weights(DType dtype, Layout layout, size_t rows, size_t cols, uint32_t seed = 1)
      : matrix{dtype, layout, rows, cols, {}},
        bytes(rows * cols * dtype_info(dtype).bytes),
        values(rows * cols) {
    std::mt19937 rng(seed);
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < rows * cols; ++i) {
      const float x = normal(rng);
      const uint16_t half = dtype == DType::kF16 ? f16_of(rng) : bf16_of(x);
      if (dtype == DType::kF32) std::memcpy(&bytes[4 * i], &x, 4);
      if (dtype != DType::kF32) std::memcpy(&bytes[2 * i], &half, 2);
    }
    widen(dtype, bytes, values);
    matrix.bytes = bytes;
  }

  double at(size_t row, size_t col) const {
    return matrix.layout == Layout::kOutIn ? values[row * matrix.cols + col]
                                           : values[col * matrix.rows + row];
  }
};

void expect_near_double(const Weights& w, const std::vector<float>& x, const std::vector<float>& y,
                        double added) {
  const auto [dtype, layout, rows, cols, bytes] = w.matrix;
  for (size_t i = 0; i < y.size(); ++i) {
    double want = added, magnitude = std::abs(added);
    for (size_t c = 0; c < cols; ++c) {
      const double term = w.at(i % rows, c) * x[i / rows * cols + c];
      want += term, magnitude += std::abs(term);
    }
    ASSERT_NEAR(y[i], want, 1e-6 * magnitude)
        << rows << " x " << cols << ", row " << i / rows << " output " << i % rows;
  }
}

constexpr DType kStored[] = {DType::kF32, DType::kF16, DType::kBf16};
constexpr Layout kLayouts[] = {Layout::kOutIn, Layout::kInOut};

class MatmulOn : public OnEachTarget {};

TEST_P(MatmulOn, EveryTailLengthOfColumns) {
  for (const DType dtype : kStored) {
    for (const Layout layout : kLayouts) {
      for (size_t cols = 1; cols <= 50; ++cols) {
        const Weights w(dtype, layout, 5, cols);
        for (const size_t n_rows : {1, 2}) {
          const auto x = random_rows(n_rows * cols);
          expect_near_double(w, x, product(w.matrix, x, n_rows), 0);
        }
      }
    }
  }
}

TEST_P(MatmulOn, EveryTailLengthOfOutputsAndRows) {
  for (const Layout layout : kLayouts) {
    for (size_t outputs = 1; outputs <= 67; outputs += 3) {
      const Weights w(DType::kBf16, layout, outputs, 37);
      for (size_t n_rows = 1; n_rows <= 14; ++n_rows) {
        const auto x = random_rows(n_rows * 37);
        expect_near_double(w, x, product(w.matrix, x, n_rows, 1, Store::kAdd), 1);
      }
    }
  }
}

TEST_P(MatmulOn, SeveralBlocksOfColumnsAndChunksOfRows) {
  for (const Layout layout : kLayouts) {
    const Weights w(DType::kF16, layout, 9, 1100);
    const auto x = random_rows(130 * 1100);
    expect_near_double(w, x, product(w.matrix, x, 130), 0);
  }
}

TEST_P(MatmulOn, ARowHasTheSameBitsWithAnyNeighboursAndThreads) {
  for (const DType dtype : kStored) {
    for (const Layout layout : kLayouts) {
      const Weights w(dtype, layout, 83, 541);
      const auto x = random_rows(67 * 541);
      const auto all = product(w.matrix, x, 67);
      for (const size_t n_threads : {2, 3, 5}) ASSERT_EQ(product(w.matrix, x, 67, n_threads), all);
      for (const size_t row : {0, 1, 30, 66}) {
        const std::vector<float> alone(x.begin() + row * 541, x.begin() + (row + 1) * 541);
        const std::vector<float> want(all.begin() + row * 83, all.begin() + (row + 1) * 83);
        ASSERT_EQ(product(w.matrix, alone, 1), want);
      }
    }
  }
}

TEST_P(MatmulOn, UnalignedWeights) {
  const Weights w(DType::kF32, Layout::kOutIn, 6, 40);
  std::vector<std::byte> shifted(w.bytes.size() + 1);
  std::ranges::copy(w.bytes, shifted.begin() + 1);
  Weights moved = w;
  moved.matrix.bytes = std::span(shifted).subspan(1);
  const auto x = random_rows(2 * 40);
  EXPECT_EQ(product(moved.matrix, x, 2), product(w.matrix, x, 2));
}

RWKV_TEST_ON_EACH_TARGET(MatmulOn);

TEST(Matmul, SameBitsOnEveryTargetWithFma) {
  for (const DType dtype : kStored) {
    for (const Layout layout : kLayouts) {
      const Weights w(dtype, layout, 37, 1051);
      const auto x = random_rows(7 * 1051);
      expect_same_bits_on_all_targets([&] { return product(w.matrix, x, 7); });
      expect_same_bits_on_all_targets([&] { return product(w.matrix, x, 1); });
    }
  }
}

TEST(Matmul, JobsOfOneStepAreIndependent) {
  const Weights a(DType::kF32, Layout::kOutIn, 40, 20, 5), b(DType::kBf16, Layout::kOutIn, 3, 31, 6);
  const auto xa = random_rows(20), xb = random_rows(31);
  std::vector<float> ya(40), yb(3);
  ThreadPool pool(2);
  matmul({{&a.matrix, {xa.data(), 1, 20}, {ya.data(), 1, 40}},
          {&b.matrix, {xb.data(), 1, 31}, {yb.data(), 1, 3}}},
         pool);
  EXPECT_EQ(ya, product(a.matrix, xa, 1));
  EXPECT_EQ(yb, product(b.matrix, xb, 1));
}

}  // namespace
}  // namespace rwkv
