#include "common/fd_buffer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <istream>
#include <ostream>
#include <string>
#include <thread>

#include "core/descriptor.h"

namespace rwkv {
namespace {

class FdBuffers : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    in_ = Descriptor(ends[0]);
    out_ = Descriptor(ends[1]);
  }
  Descriptor in_, out_;
};

// Small and large pieces, more than the pipe and the buffer hold, through descriptors that do not block.
TEST_F(FdBuffers, WhatIsWrittenIsRead) {
  std::string written;
  for (size_t i = 0; i < 3000; ++i) written += std::to_string(i) + std::string(i % 100, '.');
  std::string read;
  std::thread reader([&] {
    FdBuffer buffer(in_.get(), 1000);
    std::istream stream(&buffer);
    read.assign(std::istreambuf_iterator<char>(stream), {});
  });
  {
    FdOutputBuffer buffer(out_.get());
    std::ostream stream(&buffer);
    for (size_t begin = 0, n = 1; begin < written.size(); begin += n, n = n * 3 % 70'001)
      stream << std::string_view(written).substr(begin, n);
    stream << std::flush;
    EXPECT_TRUE(stream.good());
    out_.close();
  }
  reader.join();
  EXPECT_EQ(read, written);
}

TEST_F(FdBuffers, AWriteThatFailsIsSeen) {
  FdOutputBuffer buffer(in_.get());  // the end that cannot be written
  std::ostream stream(&buffer);
  stream << 'x';
  EXPECT_TRUE(stream.good());
  stream.flush();
  EXPECT_TRUE(stream.bad());
}

TEST_F(FdBuffers, OutputIsAwaited) {
  EXPECT_TRUE(await_output(out_.get()));
  EXPECT_TRUE(await_output(-1)) << "what is not open is not waited for";
}

}  // namespace
}  // namespace rwkv
