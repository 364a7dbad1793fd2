#include "formats/inflated.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <numeric>

#include "core/error.h"
#include "support/error_of.h"

namespace rwkv {
namespace {

std::vector<std::byte> deflated(std::span<const std::byte> bytes) {
  z_stream zlib{};
  deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::vector<std::byte> out(deflateBound(&zlib, bytes.size()));
  std::vector<std::byte> in(bytes.begin(), bytes.end());
  zlib.next_in = reinterpret_cast<Bytef*>(in.data());
  zlib.avail_in = static_cast<uInt>(in.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

std::vector<std::byte> some_bytes(size_t n) {
  std::vector<std::byte> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(i * i >> 5U);
  return bytes;
}

TEST(Inflated, ReadsAnyPartInAnyOrder) {
  const auto bytes = some_bytes(300'000), stream = deflated(bytes);
  const Inflated inflated(stream, bytes.size());
  EXPECT_EQ(inflated.all(), bytes);
  for (const size_t offset : {0UL, 1000UL, 200'000UL, 7UL, 299'990UL}) {
    std::vector<std::byte> part(10);
    inflated.read(offset, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  std::vector<std::byte> part(10);
  EXPECT_THROW(inflated.read(299'991, part), Error);
  EXPECT_THROW(inflated.read(UINT64_MAX, part), Error);
  inflated.read(300'000, {});
}

TEST(Inflated, RefusesWhatCannotBe) {
  const auto bytes = some_bytes(5000);
  auto stream = deflated(bytes);
  EXPECT_THROW(Inflated(stream, 5001).all(), Error) << "ends early";
  EXPECT_THROW(Inflated(std::span(stream).first(stream.size() / 2), 5000).all(), Error);
  EXPECT_THROW(Inflated({}, 1).all(), Error);
  EXPECT_NE(error_of([&] { Inflated(stream, uint64_t{1} << 60U); }).find("cannot become"), std::string::npos);
  stream[0] = std::byte{0xff};
  EXPECT_THROW(Inflated(stream, 5000).all(), Error);
  EXPECT_TRUE(Inflated({}, 0).all().empty());
}

}  // namespace
}  // namespace rwkv
