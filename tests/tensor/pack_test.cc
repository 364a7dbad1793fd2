#include "tensor/pack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/error.h"
#include "support/matrices.h"

namespace rwkv {
namespace {

constexpr DType kWide[] = {DType::kF32, DType::kF16, DType::kBf16};
constexpr DType kQuantised[] = {DType::kQ8, DType::kQ6, DType::kQ4};
constexpr Layout kLayouts[] = {Layout::kOutIn, Layout::kTiles, Layout::kLines, Layout::kTurnedTiles};

// Outputs and inputs on both sides of what tiles, blocks and units hold.
constexpr std::pair<uint64_t, uint64_t> kShapes[] = {{1, 1},   {16, 64},  {15, 63}, {17, 65},
                                                     {31, 33}, {48, 128}, {33, 97}, {5, 200}};

template <class T>
T at(std::span<const std::byte> bytes, size_t index) {
  T value;
  std::memcpy(&value, &bytes[index * sizeof value], sizeof value);
  return value;
}

TEST(Pack, WideElementsComeBackFromEveryLayout) {
  for (const auto& [rows, cols] : kShapes) {
    for (const DType dtype : kWide) {
      const OwnedMatrix source = random_matrix(dtype, rows, cols);
      for (const Layout layout : kLayouts) {
        const OwnedMatrix there = packed(source.view, dtype, layout);
        EXPECT_EQ(unpacked(there.view), unpacked(source.view)) << rows << " x " << cols;
        for (const Layout second : kLayouts) {
          const OwnedMatrix back = packed(packed(there.view, dtype, second).view, dtype, Layout::kOutIn);
          EXPECT_EQ(back.bytes, source.bytes) << rows << " x " << cols;
        }
      }
    }
  }
}

TEST(Pack, WideTilesAreWhereTheKernelsReadThem) {
  const OwnedMatrix source = random_matrix(DType::kF32, 20, 5), bf16 = random_matrix(DType::kBf16, 20, 5);
  const OwnedMatrix f32_tiles = packed(source.view, DType::kF32, Layout::kTiles);
  const OwnedMatrix bf16_tiles = packed(bf16.view, DType::kBf16, Layout::kTiles);
  for (size_t r = 0; r < 32; ++r) {
    for (size_t c = 0; c < 6; ++c) {
      const size_t tile = r / 16, lane = r % 16;
      const bool there = r < 20 && c < 5;
      if (c < 5) {
        EXPECT_EQ(at<float>(f32_tiles.bytes, (tile * 5 + c) * 16 + lane),
                  there ? at<float>(source.bytes, r * 5 + c) : 0);
      }
      EXPECT_EQ(at<uint16_t>(bf16_tiles.bytes, ((tile * 3 + c / 2) * 16 + lane) * 2 + c % 2),
                there ? at<uint16_t>(bf16.bytes, r * 5 + c) : 0);
    }
  }
}

// What the layout's description says, written out once more.

// A code of which one byte holds the lower four bits, or all, another the upper two, and what it is worth.
struct CodeBytes {
  size_t low;
  bool in_high_nibble;
  size_t upper;
  unsigned upper_shift;

  int level(DType dtype, std::span<const std::byte> bytes) const {
    const auto low_byte = std::to_integer<unsigned>(bytes[low]);
    if (dtype == DType::kQ8) return static_cast<int>(low_byte) - 128;
    const unsigned nibble = in_high_nibble ? low_byte >> 4 : low_byte & 15;
    if (dtype == DType::kQ4) return kQ4Levels[nibble];
    const unsigned two = std::to_integer<unsigned>(bytes[upper]) >> upper_shift & 3;
    return 4 * static_cast<int>(nibble | two << 4) - 128;
  }
};

float scaled(std::span<const std::byte> bytes, size_t scale_at, int level) {
  float scale;
  cast_elements(DType::kF16, bytes.subspan(scale_at, 2), DType::kF32,
                std::as_writable_bytes(std::span(&scale, 1)));
  return scale * static_cast<float>(level);
}

float value_in_tiles(const TensorView& m, size_t r, size_t c) {
  const bool q8 = m.dtype == DType::kQ8;
  const size_t n_units = (m.shape[1] + 63) / 64, bytes = q8 ? 1088 : m.dtype == DType::kQ6 ? 832 : 576;
  const size_t lane = r % 16, group = c % 64 / 4, within = lane * 4 + c % 4;
  const auto unit = m.bytes.subspan((r / 16 * n_units + c / 64) * bytes, bytes);
  const CodeBytes code{(q8 ? group : group / 2) * 64 + within, group % 2 == 1, 512 + group / 4 * 64 + within,
                       static_cast<unsigned>(group % 4 * 2)};
  return scaled(unit, bytes - 64 + (c % 64 / 32 * 16 + lane) * 2, code.level(m.dtype, unit));
}

// Element `i` of a row of n.
float value_in_row(DType dtype, std::span<const std::byte> row, size_t n, size_t i) {
  const size_t n_blocks = (n + 31) / 32, block = i / 32, j = i % 32;
  const bool q8 = dtype == DType::kQ8;
  const size_t bytes = q8 ? 32 : dtype == DType::kQ6 ? 24 : 16;
  const CodeBytes code{block * bytes + (q8 ? j : j % 16), j >= 16, block * bytes + 16 + j % 8,
                       static_cast<unsigned>(j / 8 * 2)};
  return scaled(row, n_blocks * bytes + block * 2, code.level(dtype, row));
}

float value_in_lines(const TensorView& m, size_t r, size_t c) {
  const bool q8 = m.dtype == DType::kQ8;
  const size_t outputs = q8 ? 64 : 128,
               group_bytes = q8                      ? 64
                             : m.dtype == DType::kQ6 ? 48
                                                     : 32,
               line_bytes = outputs / 64 * group_bytes, block_bytes = 32 * line_bytes + 2 * outputs,
               n_blocks = (m.shape[1] + 31) / 32;
  const auto block = m.bytes.subspan((r / outputs * n_blocks + c / 32) * block_bytes, block_bytes);
  const size_t p = line_position(r % 64), group = c % 32 * line_bytes + r % outputs / 64 * group_bytes;
  const CodeBytes code{group + (q8 ? p : p % 32), p >= 32, group + 32 + p % 16,
                       static_cast<unsigned>(p / 16 * 2)};
  return scaled(block, 32 * line_bytes + r % outputs * 2, code.level(m.dtype, block));
}

TEST(Pack, WideLinesAreWhereTheKernelsReadThem) {
  const OwnedMatrix f32 = random_matrix(DType::kF32, 70, 5), bf16 = random_matrix(DType::kBf16, 70, 5);
  const OwnedMatrix f32_lines = packed(f32.view, DType::kF32, Layout::kLines);
  const OwnedMatrix bf16_lines = packed(bf16.view, DType::kBf16, Layout::kLines);
  for (size_t r = 0; r < 128; ++r) {
    for (size_t c = 0; c < 5; ++c) {
      const bool there = r < 70;
      if (r < 96) {
        EXPECT_EQ(at<float>(f32_lines.bytes, (r / 32 * 5 + c) * 32 + r % 32),
                  there ? at<float>(f32.bytes, r * 5 + c) : 0);
      }
      EXPECT_EQ(at<uint16_t>(bf16_lines.bytes, (r / 64 * 5 + c) * 64 + r % 64),
                there ? at<uint16_t>(bf16.bytes, r * 5 + c) : 0);
    }
  }
}

TEST(Pack, QuantisedElementsAreWhereTheKernelsReadThem) {
  for (const auto& [rows, cols] : kShapes) {
    for (const DType dtype : kQuantised) {
      const OwnedMatrix source = random_matrix(DType::kF32, rows, cols);
      const OwnedMatrix tiles = packed(source.view, dtype, Layout::kTiles);
      const OwnedMatrix lines = packed(source.view, dtype, Layout::kLines);
      const OwnedMatrix by_rows = packed(source.view, dtype, Layout::kOutIn);
      const auto from_tiles = unpacked(tiles.view), from_lines = unpacked(lines.view),
                 from_rows = unpacked(by_rows.view);
      const size_t out_bytes = quantised_row_bytes(dtype, cols);
      for (size_t i = 0; i < rows * cols; ++i) {
        const size_t r = i / cols, c = i % cols;
        ASSERT_EQ(from_tiles[i], value_in_tiles(tiles.view, r, c));
        ASSERT_EQ(from_lines[i], value_in_lines(lines.view, r, c));
        ASSERT_EQ(from_rows[i],
                  value_in_row(dtype, by_rows.view.bytes.subspan(r * out_bytes, out_bytes), cols, c));
      }
      EXPECT_EQ(from_tiles, from_rows) << "the same blocks";
      EXPECT_EQ(from_lines, from_rows) << "the same blocks";
    }
  }
}

TEST(Pack, TurnedTilesAreTilesOfTheColumns) {
  for (const auto& [rows, cols] : kShapes) {
    const OwnedMatrix source = random_matrix(DType::kF32, rows, cols);
    OwnedMatrix turned(DType::kF32, Layout::kOutIn, cols, rows);
    for (size_t i = 0; i < rows * cols; ++i) {
      const float value = at<float>(source.bytes, i);
      std::memcpy(&turned.bytes[(i % cols * rows + i / cols) * sizeof value], &value, sizeof value);
    }
    for (const DType dtype : {DType::kF32, DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4}) {
      EXPECT_EQ(packed(source.view, dtype, Layout::kTurnedTiles).bytes,
                packed(turned.view, dtype, Layout::kTiles).bytes);
    }
  }
}

TEST(Pack, QuantisedWeightsAreNearTheirSource) {
  for (const auto& [rows, cols] : kShapes) {
    const OwnedMatrix source = random_matrix(DType::kF32, rows, cols);
    const auto wanted = unpacked(source.view);
    for (const Layout layout : kLayouts) {
      const auto q8 = unpacked(packed(source.view, DType::kQ8, layout).view);
      const auto q4 = unpacked(packed(source.view, DType::kQ4, layout).view);
      for (size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_NEAR(q8[i], wanted[i], 5 / 127.0 / 2);
        EXPECT_NEAR(q4[i], wanted[i], 5 * 26 / 127.0 / 2);
      }
    }
  }
}

TEST(Pack, WhatIsMissingIsWorthZero) {
  const OwnedMatrix source = random_matrix(DType::kF32, 3, 40);
  for (const DType dtype : kQuantised) {
    const OwnedMatrix tiles = packed(source.view, dtype, Layout::kTiles);
    TensorView whole = tiles.view;
    whole.shape = {16, 64};
    const auto values = unpacked(whole);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i / 64 < 3 && i % 64 < 40) continue;
      const bool in_a_block = dtype == DType::kQ4 && i / 64 < 3;  // whose scale is not 0
      EXPECT_LE(std::abs(values[i]), in_a_block ? 5 * 3 / 127.0 : 0);
    }
  }
}

TEST(Pack, TheSameBytesForAnyThreadsAndParts) {
  const OwnedMatrix source = random_matrix(DType::kBf16, 83, 201);
  for (const DType dtype : {DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4}) {
    for (const Layout layout : kLayouts) {
      const OwnedMatrix alone = packed(source.view, dtype, layout);
      EXPECT_EQ(packed(source.view, dtype, layout, 3).bytes, alone.bytes);
      const Strips strips = strips_of(dtype, layout, source.view.shape);
      EXPECT_EQ(strips.count * strips.bytes, alone.bytes.size());
      ThreadPool pool(2);
      std::vector<std::byte> parts(alone.bytes.size());
      for (uint64_t i = 0; i < strips.count; i += 4) {
        const uint64_t n = std::min<uint64_t>(4, strips.count - i);
        pack_strips(source.view, dtype, layout, i,
                    std::span(parts).subspan(i * strips.bytes, n * strips.bytes), pool);
      }
      EXPECT_EQ(parts, alone.bytes);
    }
  }
}

TEST(Pack, RoundsWideElementsOnce) {
  OwnedMatrix source(DType::kF64, Layout::kOutIn, 1, 2);
  const double values[] = {1 + 0x1p-8 + 0x1p-40, 1e300};  // by way of f32 the first would become even
  std::memcpy(source.bytes.data(), values, sizeof values);
  OwnedMatrix tiles(DType::kBf16, Layout::kTiles, 1, 2);
  ThreadPool pool(1);
  EXPECT_EQ(pack_strips(source.view, DType::kBf16, Layout::kTiles, 0, tiles.bytes, pool), 1u);
  EXPECT_EQ(unpacked(tiles.view)[0], 1 + 0x1p-7F);
}

TEST(Pack, RefusesWeightsThatCannotBeQuantised) {
  for (const float bad : {INFINITY, -INFINITY, NAN, 1e7F}) {
    OwnedMatrix source = random_matrix(DType::kF32, 40, 70);
    std::memcpy(&source.bytes[4 * 1234], &bad, sizeof bad);
    for (const DType dtype : kQuantised) {
      try {
        packed(source.view, dtype, Layout::kTiles, 2);
        ADD_FAILURE() << "accepted";
      } catch (const Error& e) {
        EXPECT_EQ(std::string(e.what()).find("tensor m: a weight is not finite or larger"), 0u) << e.what();
      }
    }
  }
}

}  // namespace
}  // namespace rwkv
