#include "core/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

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
