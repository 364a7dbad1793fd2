#include "common/line_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace rwkv {
namespace {

class Pipe : public testing::Test {
 protected:
  std::array<int, 2> ends_{};
  void SetUp() override { ASSERT_EQ(::pipe(ends_.data()), 0); }
  void TearDown() override {
    ::close(ends_[0]);
    close_writer();
  }
  void send(std::string_view text) {
    ASSERT_EQ(::write(ends_[1], text.data(), text.size()), ssize_t(text.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
};

TEST_F(Pipe, GivesLinesAndALastOneWithoutABreak) {
  LineSource lines(ends_[0]);
  send("one\n\ntwo\nthree");
  close_writer();
  EXPECT_EQ(lines.next(true), "one");
  EXPECT_EQ(lines.next(false), "");
  EXPECT_EQ(lines.next(true), "two");
  EXPECT_EQ(lines.next(true), "three");
  EXPECT_EQ(lines.next(true), std::nullopt);
}

TEST_F(Pipe, DoesNotWaitUnlessAskedTo) {
  LineSource lines(ends_[0]);
  EXPECT_EQ(lines.next(false), std::nullopt);
  send("be");
  EXPECT_EQ(lines.next(false), std::nullopt);
  send("gun\nmore");
  EXPECT_EQ(lines.next(false), "begun");
  EXPECT_EQ(lines.next(false), std::nullopt);
  close_writer();
  EXPECT_EQ(lines.next(true), "more");
}

TEST_F(Pipe, HasNoKnownSize) {
  LineSource lines(ends_[0]);
  send("line\n");
  EXPECT_EQ(lines.next(true), "line");
  EXPECT_EQ(lines.share_taken(), 0);
}

TEST(LineSourceTest, TellsHowMuchOfAFileItHasGivenOut) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::write(fileno(file), "ab\ncdefg", 8), 8);
  ASSERT_EQ(::lseek(fileno(file), 0, SEEK_SET), 0);
  LineSource lines(fileno(file));
  EXPECT_EQ(lines.share_taken(), 0);
  EXPECT_EQ(lines.next(true), "ab");
  EXPECT_EQ(lines.share_taken(), 3. / 8);
  EXPECT_EQ(lines.next(true), "cdefg");
  EXPECT_EQ(lines.share_taken(), 1);
  std::fclose(file);
}

TEST_F(Pipe, LinesMayBeLongerThanABlock) {
  LineSource lines(ends_[0]);
  const std::string part(60'000, 'x');
  send(part);
  EXPECT_EQ(lines.next(false), std::nullopt);
  send(part + "\n");
  EXPECT_EQ(lines.next(true), part + part);
}

}  // namespace
}  // namespace rwkv
