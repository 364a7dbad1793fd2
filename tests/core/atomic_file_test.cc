#include "core/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(AtomicFile, AppearsAtCommit) {
  const TempDir folder;
  AtomicFile file(folder / "f");
  file.write("one ");
  file.write("two");
  EXPECT_FALSE(std::filesystem::exists(folder / "f"));
  file.commit();
  EXPECT_EQ(read_file(folder / "f"), "one two");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TempDir folder;
  write_file(folder / "f", "old");
  { AtomicFile(folder / "f").write("new"); }
  EXPECT_EQ(read_file(folder / "f"), "old");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST(AtomicFile, HasNoNameBeforeCommit) {
  const TempDir folder;
  AtomicFile file(folder / "f");
  file.write("x");
  const auto is_ours = [](const auto& entry) {
    return is_temporary_of(entry.path().filename().string(), ::getpid());
  };
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_TRUE(is_ours(entry)) << "a file system without unnamed files: " << entry.path();
}

TEST(AtomicFile, NamesOfTemporaryFilesSayWhose) {
  EXPECT_TRUE(is_temporary_of(".rwkv-12-0.tmp", 12));
  for (const char* other :
       {".rwkv-13-0.tmp", ".rwkv-12.tmp", ".rwkv-12-0", "rwkv-12-0.tmp", ".rwkv--0.tmp", ""})
    EXPECT_FALSE(is_temporary_of(other, 12)) << other;
}

TEST(AtomicFile, TwoWritersOfOneTarget) {
  const TempDir folder;
  AtomicFile a(folder / "f"), b(folder / "f");
  a.write("a");
  b.write("b");
  a.commit();
  EXPECT_EQ(read_file(folder / "f"), "a");
  b.commit();
  EXPECT_EQ(read_file(folder / "f"), "b");
  EXPECT_EQ(folder.n_files(), 1u);
}

TEST(AtomicFile, NamesOfEveryLength) {
  const TempDir folder;
  for (size_t n = 248; n <= 255; ++n) {
    const std::string name(n, 'n');
    for (const char* content : {"one", "two"}) {
      AtomicFile file(folder / name);
      file.write(content);
      file.commit();
      EXPECT_EQ(read_file(folder / name), content);
    }
  }
  EXPECT_THROW(AtomicFile(folder / std::string(256, 'n')).commit(), Error);
  EXPECT_EQ(folder.n_files(), 8u);
}

// The folder's and the process's rules for new files hold, and a private file stays so.
TEST(AtomicFile, NewFilesHaveTheModeOfTheProcess) {
  const TempDir folder;
  const mode_t before = ::umask(027);
  AtomicFile(folder / "f").commit();
  ::umask(before);
  EXPECT_EQ(std::filesystem::status(folder / "f").permissions(), std::filesystem::perms{0640});
}

// Descriptors are written straight, at their place, be they redirected to a file.
TEST(AtomicFile, WritesDescriptorsStraight) {
  const TempDir folder;
  write_file(folder / "f", "precious ");
  const Descriptor file = open_file(folder / "f", O_WRONLY | O_APPEND);
  const std::string number = std::to_string(file.get());
  std::filesystem::create_symlink("/proc/self/fd/" + number, folder / "link");
  for (const auto& name :
       {"/dev/fd/" + number, "/proc/self/fd/" + number,
        "/proc/" + std::to_string(::getpid()) + "/fd/" + number, (folder / "link").string()}) {
    AtomicFile output(name);
    output.write("x");
    output.commit();
  }
  EXPECT_EQ(read_file(folder / "f"), "precious xxxx");
  EXPECT_EQ(folder.n_files(), 2u);
}

TEST(AtomicFile, RefusesDescriptorsThatCannotBeWritten) {
  const TempDir folder;
  write_file(folder / "f", "old");
  const Descriptor file = open_file(folder / "f", O_RDONLY);
  EXPECT_THROW(AtomicFile("/dev/fd/" + std::to_string(file.get())), Error);
  EXPECT_THROW(AtomicFile("/dev/fd/987"), Error);
}

TEST(AtomicFile, WritesWhatIsNotTextToNoTerminal) {
  const Descriptor master(::posix_openpt(O_RDWR | O_NOCTTY));
  if (!master.is_open() || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) GTEST_SKIP();
  const char* terminal = ::ptsname(master.get());
  EXPECT_THROW(AtomicFile file(terminal), Error);
  EXPECT_THROW(check_output(terminal), Error);
  EXPECT_NO_THROW(AtomicFile(terminal, {.is_text = true}));
}

TEST(AtomicFile, WhetherItCanBeWrittenIsKnownBefore) {
  const TempDir folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  write_file(folder / "f", "old");
  for (const auto& target :
       {folder / "new", folder / "f", folder / "pipe", std::filesystem::path("/dev/null")})
    EXPECT_NO_THROW(check_output(target)) << target;
  for (const auto& target : {folder / "absent/f", folder.path(), folder / "new/", std::filesystem::path("")})
    EXPECT_THROW(check_output(target), Error) << target;
  EXPECT_EQ(folder.n_files(), 2u);
  EXPECT_EQ(read_file(folder / "f"), "old");
}

// A reader that takes nothing is not waited for any more once the process is to end.
TEST(AtomicFile, GivesUpAStalledReader) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const Descriptor in(ends[0]), out(ends[1]);
  AtomicFile file("/dev/fd/" + std::to_string(out.get()), {.stop = [] { return true; }});
  const std::string much(1 << 20, 'x');
  try {
    file.write(much);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInterrupted);
  }
}

TEST(AtomicFile, KeepsTheModeOfWhatItReplaces) {
  const TempDir folder;
  write_file(folder / "f", "old");
  std::filesystem::permissions(folder / "f", std::filesystem::perms{0640});
  AtomicFile file(folder / "f");
  file.commit();
  EXPECT_EQ(std::filesystem::status(folder / "f").permissions(), std::filesystem::perms{0640});
}

TEST(AtomicFile, FollowsASymbolicLink) {
  const TempDir folder;
  std::filesystem::create_directory(folder / "sub");
  write_file(folder / "sub/real", "old");
  std::filesystem::create_symlink("sub/real", folder / "link");
  AtomicFile file(folder / "link");
  file.write("new");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "sub/real"), "new");
}

TEST(AtomicFile, WritesPipesAndDevicesStraight) {
  const TempDir folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string seen;
  std::thread reader([&] { seen = read_file(folder / "pipe"); });
  AtomicFile pipe(folder / "pipe");
  pipe.write("through");
  pipe.commit();
  reader.join();
  EXPECT_EQ(seen, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));

  AtomicFile null("/dev/null");
  null.write("gone");
  null.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(AtomicFile, ErrorsNameTheTarget) {
  const TempDir folder;
  for (const auto& target : {folder.path(), folder / "absent/f"}) {
    try {
      const AtomicFile file(target);
      FAIL() << target;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kIo);
      EXPECT_TRUE(std::string(e.what()).starts_with(target.string() + ": ")) << e.what();
    }
  }
}

TEST(AtomicFile, SeesAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  AtomicFile full("/dev/full");
  EXPECT_THROW(full.write("x"), Error);
}

}  // namespace
}  // namespace rwkv
