#include "checkpoint/write_behind.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace rwkv {
namespace {

std::vector<std::byte> block_of(size_t n_bytes, int value, WriteBehind& output) {
  auto block = output.buffer(n_bytes);
  std::ranges::fill(block, static_cast<std::byte>(value));
  return block;
}

TEST(WriteBehindTest, KeepsTheOrder) {
  std::vector<std::byte> written;
  const std::vector<std::byte> lasting(5, std::byte{100});
  std::atomic<int> n_done = 0;
  WriteBehind output([&](auto bytes) { written.insert(written.end(), bytes.begin(), bytes.end()); });
  std::vector<std::byte> want;
  for (int i = 0; i < 50; ++i) {
    const size_t n_bytes = static_cast<size_t>(i) % 7;
    output.submit(block_of(n_bytes, i, output));
    want.insert(want.end(), n_bytes, static_cast<std::byte>(i));
    output.submit(lasting, [&] { ++n_done; });
    want.insert(want.end(), lasting.begin(), lasting.end());
  }
  output.finish();
  EXPECT_EQ(written, want);
  EXPECT_EQ(n_done, 50);
}

TEST(WriteBehindTest, AnErrorComesBackAndNothingIsWrittenBehindIt) {
  int n_written = 0;
  WriteBehind output([&](auto) {
    if (++n_written == 2) throw std::runtime_error("full");
  });
  const auto submit_all = [&] {
    for (int i = 0; i < 9; ++i) output.submit(block_of(3, i, output));
    output.finish();
  };
  EXPECT_THROW(submit_all(), std::runtime_error);
  EXPECT_THROW(output.finish(), std::runtime_error);
  EXPECT_EQ(n_written, 2);
}

TEST(WriteBehindTest, MayBeLeftUnfinished) {
  std::vector<std::byte> written;
  {
    WriteBehind output([&](auto bytes) { written.insert(written.end(), bytes.begin(), bytes.end()); });
    output.submit(block_of(4, 1, output));
  }
  EXPECT_EQ(written.size(), 4u);
}

}  // namespace
}  // namespace rwkv
