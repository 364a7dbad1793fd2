#include "core/byte_reader.h"

#include <gtest/gtest.h>

#include <array>

namespace rwkv {
namespace {

constexpr std::array kBytes = {std::byte{1}, std::byte{2}, std::byte{'a'}, std::byte{'b'}};

TEST(ByteReader, ReadsLittleEndianAndText) {
  ByteReader in(kBytes);
  EXPECT_EQ(in.read<uint16_t>(), 0x0201);
  EXPECT_EQ(in.offset(), 2u);
  EXPECT_EQ(in.take_text(2), "ab");
  EXPECT_TRUE(in.empty());
}

TEST(ByteReader, RefusesWhatIsNotThere) {
  ByteReader in(kBytes);
  in.take(1);
  EXPECT_THROW(in.read<uint32_t>(), Error);
  EXPECT_THROW(in.take(~uint64_t{0}), Error);
  EXPECT_EQ(in.rest().size(), 3u) << "a refused read takes nothing";
}

}  // namespace
}  // namespace rwkv
