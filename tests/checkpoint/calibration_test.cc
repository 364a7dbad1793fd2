#include <gtest/gtest.h>

#include <random>

#include "checkpoint/calibration/feedback.h"
#include "checkpoint/calibration/moments.h"
#include "checkpoint/compare.h"
#include "checkpoint/convert.h"
#include "model/model.h"
#include "support/error_of.h"
#include "support/golden_model.h"
#include "support/matrices.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::vector<float> normals(size_t n, uint32_t seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& v : values) v = normal(rng);
  return values;
}

// Rows of inputs that share a few directions, as those of a model do.
std::vector<float> correlated_rows(size_t n, size_t size) {
  constexpr size_t kShared = 6;
  auto rows = normals(n * size, 1);
  const auto shares = normals(n * kShared, 2), directions = normals(kShared * size, 3);
  for (size_t r = 0; r < n; ++r) {
    for (size_t i = 0; i < size; ++i) {
      for (size_t s = 0; s < kShared; ++s)
        rows[r * size + i] += 2 * shares[r * kShared + s] * directions[s * size + i];
    }
  }
  return rows;
}

Moments moments_of(const std::vector<float>& rows, size_t size, size_t n_threads = 1) {
  ThreadPool pool(n_threads);
  Moments moments(size);
  moments.add({rows.data(), rows.size() / size, size}, {}, pool);
  moments.finish(pool);
  return moments;
}

// Σ (e·x)² over all rows x and outputs.
double output_error(const std::vector<float>& weights, const std::vector<float>& rounded,
                    const std::vector<float>& rows, size_t size) {
  double sum = 0;
  for (size_t r = 0; r < rows.size(); r += size) {
    for (size_t o = 0; o < weights.size(); o += size) {
      double error = 0;
      for (size_t i = 0; i < size; ++i)
        error += static_cast<double>(weights[o + i] - rounded[o + i]) * static_cast<double>(rows[r + i]);
      sum += error * error;
    }
  }
  return sum;
}

// Weights as they come back from tiles.
std::vector<float> rounded(const OwnedMatrix& matrix, DType dtype, const RoundOutputs& round,
                           size_t n_threads = 1) {
  ThreadPool pool(n_threads);
  OwnedMatrix result(dtype, Layout::kTiles, matrix.view.shape[0], matrix.view.shape[1]);
  pack_strips(matrix.view, dtype, Layout::kTiles, 0, result.bytes, pool, round);
  return unpacked(result.view);
}

TEST(Moments, AreTheSumsOfProducts) {
  constexpr size_t kSize = 300, kRows = 1100;  // more than are multiplied at once
  const auto rows = correlated_rows(kRows, kSize);
  const auto roots = normals(kRows, 4);
  ThreadPool pool(3);
  Moments moments(kSize);
  const MatSpan<const float> all(rows.data(), kRows, kSize);
  moments.add(all.rows_at(0, 7), std::span(roots).first(7), pool);
  moments.add(all.rows_at(7, kRows - 7), std::span(roots).subspan(7), pool);
  moments.finish(pool);
  for (const auto& [i, j] : {std::pair<size_t, size_t>{0, 0}, {299, 0}, {299, 299}, {257, 31}, {64, 63}}) {
    double sum = 0, scale = 0;
    for (size_t r = 0; r < kRows; ++r) {
      const double weight = static_cast<double>(roots[r]) * static_cast<double>(roots[r]);
      const double product =
          weight * static_cast<double>(rows[r * kSize + i]) * static_cast<double>(rows[r * kSize + j]);
      sum += product;
      scale += std::abs(product);
    }
    EXPECT_NEAR(moments.at(i, j), sum, 1e-6 * scale) << i << ' ' << j;
  }
}

TEST(Moments, HaveTheSameBitsWhateverTheThreadsAndTheSplit) {
  constexpr size_t kSize = 100, kRows = 2000;
  const auto rows = correlated_rows(kRows, kSize);
  const Moments expected = moments_of(rows, kSize);
  ThreadPool pool(4);
  Moments moments(kSize);
  for (size_t first = 0; first < kRows; first += 96)
    moments.add({rows.data() + first * kSize, std::min<size_t>(96, kRows - first), kSize}, {}, pool);
  moments.finish(pool);
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t j = 0; j <= i; ++j) ASSERT_EQ(moments.at(i, j), expected.at(i, j));
  }
}

class CalibratedRounding : public testing::TestWithParam<DType> {};

TEST_P(CalibratedRounding, LeavesLessErrorInTheOutputs) {
  constexpr size_t kSize = 150, kOutputs = 40;  // a block that is not full, a tile that is not
  const auto rows = correlated_rows(1000, kSize);
  const OwnedMatrix matrix = random_matrix(DType::kF32, kOutputs, kSize);
  const auto weights = unpacked(matrix.view);
  const MatrixFeedback feedback{{}, {{make_feedback(0, moments_of(rows, kSize))}}};
  const auto calibrated = rounded(matrix, GetParam(), calibrated_rounding(GetParam(), feedback));
  const double error = output_error(weights, calibrated, rows, kSize);
  EXPECT_LT(error, 0.5 * output_error(weights, rounded(matrix, GetParam(), {}), rows, kSize));
  EXPECT_EQ(calibrated, rounded(matrix, GetParam(), calibrated_rounding(GetParam(), feedback), 3));
}

TEST_P(CalibratedRounding, IsPlainRoundingWhereInputsAreAlikeAndApart) {
  constexpr size_t kSize = 128, kOutputs = 32;
  std::vector<float> identity(kSize * kSize);
  for (size_t i = 0; i < kSize; ++i) identity[i * kSize + i] = 1;
  const OwnedMatrix matrix = random_matrix(DType::kF32, kOutputs, kSize);
  const auto weights = unpacked(matrix.view);
  const MatrixFeedback feedback{{}, {{make_feedback(0, moments_of(identity, kSize))}}};
  const auto calibrated = rounded(matrix, GetParam(), calibrated_rounding(GetParam(), feedback));
  const double plain = output_error(weights, rounded(matrix, GetParam(), {}), identity, kSize);
  EXPECT_LT(output_error(weights, calibrated, identity, kSize), 1.02 * plain);
}

TEST_P(CalibratedRounding, TakesEachGroupOfOutputsByItsOwnMoments) {
  constexpr size_t kSize = 64, kOutputs = 48;
  const auto rows = correlated_rows(500, kSize);
  const OwnedMatrix matrix = random_matrix(DType::kF32, kOutputs, kSize);
  const Feedback first = make_feedback(0, moments_of(rows, kSize)),
                 second = make_feedback(0, moments_of(normals(6400, 9), kSize));
  MatrixFeedback both{std::vector<uint32_t>(kOutputs), {{first}, {second}}};
  for (size_t o = 0; o < kOutputs; ++o) both.group_of[o] = o % 2;
  const auto of = [&](const MatrixFeedback& feedback) {
    return rounded(matrix, GetParam(), calibrated_rounding(GetParam(), feedback), 2);
  };
  const auto mixed = of(both), only_first = of({{}, {{first}}}), only_second = of({{}, {{second}}});
  for (size_t i = 0; i < mixed.size(); ++i)
    ASSERT_EQ(mixed[i], (i / kSize % 2 == 0 ? only_first : only_second)[i]);
}

INSTANTIATE_TEST_SUITE_P(Types, CalibratedRounding, testing::Values(DType::kQ8, DType::kQ6, DType::kQ4),
                         [](const auto& dtype) { return std::string(dtype_info(dtype.param).name); });

TEST(Feedback, RefusesInputsThatAreNotFinite) {
  const std::vector<float> rows(64, std::numeric_limits<float>::infinity());
  EXPECT_EQ(error_of([&] { make_feedback(0, moments_of(rows, 32)); }),
            "the text makes inputs that are not finite");
}

class CalibratedConversion : public testing::Test {
 protected:
  ConvertOptions options(size_t n_threads = 1) const {
    ConvertOptions options{.dtype = DType::kQ4, .n_threads = n_threads};
    for (size_t i = 0; i < 400; ++i) options.calibration.push_back(static_cast<TokenId>(i * i % 320));
    return options;
  }
  std::vector<std::byte> convert_to(const std::string& version, const char* name, size_t n_threads) {
    convert(TensorFile::open(golden_model(version)), folder_ / name, options(n_threads), nullptr);
    const MappedFile file = MappedFile::open(folder_ / name);
    return {file.bytes().begin(), file.bytes().end()};
  }
  TempDir folder_;
};

TEST_F(CalibratedConversion, HasTheSameBytesWhateverTheThreads) {
  for (const char* version : {"v4", "v5.2", "v6", "v7"}) {
    const auto once = convert_to(version, "once", 1);
    EXPECT_EQ(once, convert_to(version, "twice", 3)) << version;
    convert(TensorFile::open(golden_model(version)), folder_ / "plain", {.dtype = DType::kQ4}, nullptr);
    const MappedFile plain = MappedFile::open(folder_ / "plain");
    EXPECT_FALSE(std::ranges::equal(once, plain.bytes())) << version;
    Model::load(folder_ / "once");
  }
}

TEST_F(CalibratedConversion, SaysWhatItWasCalibratedWith) {
  convert_to("v7", "out", 1);
  const std::string mark = TensorFile::open(folder_ / "out").metadata().at(kCalibrationKey);
  EXPECT_EQ(mark, calibration_mark(options().calibration));
  EXPECT_TRUE(mark.starts_with("400 ids, ")) << mark;
}

TEST_F(CalibratedConversion, WantsSomethingToRound) {
  ConvertOptions nothing = options();
  nothing.dtype = DType::kBf16;
  const TensorFile file = TensorFile::open(golden_model("v7"));
  EXPECT_EQ(error_of([&] { plan_conversion(file, nothing); }),
            "--calibrate: no matrix is to be quantised (--dtype q4)");
}

TEST_F(CalibratedConversion, EndsWhereProgressThrows) {
  const TensorFile file = TensorFile::open(golden_model("v7"));
  const auto stop = [](uint64_t done, uint64_t total) {
    if (3 * done > total) throw Error(ErrorKind::kInterrupted, "interrupted");
  };
  EXPECT_EQ(error_of([&] { convert(file, folder_ / "out", options(), stop); }), "interrupted");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace rwkv
