#include "core/mapped_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "core/error.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::string text_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(MappedFile, MapsAFileAndMoves) {
  const TempDir folder;
  write_file(folder / "f", "hello");
  MappedFile file = MappedFile::open(folder / "f");
  MappedFile moved = std::move(file);
  EXPECT_EQ(text_of(moved), "hello");
  moved = MappedFile::open(folder / "f");
  EXPECT_EQ(text_of(moved), "hello");
}

TEST(MappedFile, ACopyIsItsOwn) {
  const TempDir folder;
  const std::string content(3'000'000, 'c');  // more than a huge page
  write_file(folder / "f", content);
  const MappedFile copy = MappedFile::open(folder / "f", FileAccess::kCopy);
  write_file(folder / "f", "other");
  copy.release(copy.bytes());
  EXPECT_EQ(text_of(copy), content);
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const TempDir folder;
  write_file(folder / "f", "");
  EXPECT_TRUE(MappedFile::open(folder / "f").bytes().empty());
}

TEST(MappedFile, ReadsAPipe) {
  const TempDir folder;
  const std::string content(300'000, 'p');  // more than a pipe holds
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::thread writer([&] { write_file(folder / "pipe", content); });
  const MappedFile file = MappedFile::open(folder / "pipe");
  writer.join();
  EXPECT_EQ(text_of(file), content);
  file.release(file.bytes());
  EXPECT_EQ(text_of(file), content) << "bytes in memory are not released";
}

TEST(MappedFile, ReadsASocketByItsDescriptor) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  const Descriptor in(ends[0]);
  std::thread writer([fd = ends[1]] {
    const Descriptor out(fd);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(::write(out.get(), "sock", 4), 4);
  });
  const MappedFile file = MappedFile::open("/dev/fd/" + std::to_string(in.get()));
  writer.join();
  EXPECT_EQ(text_of(file), "sock");
}

TEST(MappedFile, AWaitForAPipeCanBeEnded) {
  const TempDir folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const Descriptor writer = open_file(folder / "pipe", O_RDWR);  // that never writes
  try {
    MappedFile::open(folder / "pipe", FileAccess::kMap, [] { return true; });
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInterrupted);
  }
}

TEST(MappedFile, ReleasedBytesMayBeReadAgain) {
  const TempDir folder;
  const std::string content(100'000, 'x');
  write_file(folder / "f", content);
  const MappedFile file = MappedFile::open(folder / "f");
  file.prefetch(file.bytes());
  file.release(file.bytes().subspan(5000, 50'000));
  EXPECT_EQ(text_of(file), content);
  const std::string elsewhere = "not in the file";
  file.release(std::as_bytes(std::span(elsewhere)));
  EXPECT_EQ(elsewhere, "not in the file");
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TempDir folder;
  EXPECT_THROW(MappedFile::open(folder / "absent"), Error);
  EXPECT_THROW(MappedFile::open(folder.path()), Error);
}

}  // namespace
}  // namespace rwkv
