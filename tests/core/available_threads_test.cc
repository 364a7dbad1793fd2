#include "core/available_threads.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace rwkv {
namespace {

// A folder that looks like the root of a file system, as far as control groups go.
class Groups {
 public:
  Groups(std::string_view cgroup, std::string_view mountinfo) {
    add("proc/self/cgroup", cgroup);
    add("proc/self/mountinfo", mountinfo);
  }
  void add(const std::string& path, std::string_view content) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    write_file(root_ / path, content);
  }
  std::optional<double> quota() const { return cgroup_quota(root_.path()); }

 private:
  TempDir root_;
};

constexpr std::string_view kV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view kV1 =
    "34 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "35 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct\n";

TEST(AvailableThreads, AreOneAtLeast) { EXPECT_GE(available_threads(), 1u); }

TEST(AvailableThreads, NoQuotaWhereThereAreNoGroups) {
  const TempDir empty;
  EXPECT_EQ(cgroup_quota(empty.path()), std::nullopt);
}

TEST(AvailableThreads, TheLeastQuotaOfAllGroupsAboveHolds) {
  const Groups groups("0::/user/job\n", kV2);
  groups.add("sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
  EXPECT_EQ(groups.quota(), std::nullopt);
  groups.add("sys/fs/cgroup/user/cpu.max", "150000 100000\n");
  EXPECT_EQ(groups.quota(), 1.5);
  groups.add("sys/fs/cgroup/user/job/cpu.max", "400000 100000\n");
  EXPECT_EQ(groups.quota(), 1.5);
}

TEST(AvailableThreads, Version1IsFoundByItsController) {
  const Groups groups("12:memory:/m\n4:cpu,cpuacct:/docker/x\n0::/\n", kV1);
  groups.add("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
  groups.add("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(groups.quota(), std::nullopt);
  groups.add("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(groups.quota(), 0.5);
}

// Within a container: the mounted folder is the group's own, or the path is one that is not seen there.
TEST(AvailableThreads, OwnGroupOfAContainer) {
  const Groups own("0::/docker/x\n", "30 23 0:26 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  own.add("sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(own.quota(), 2);
  const Groups unseen("0::/../elsewhere\n", kV2);
  unseen.add("sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(unseen.quota(), 3);
}

TEST(AvailableThreads, NonsenseIsNoQuota) {
  const Groups groups("0::/\n", kV2);
  for (const char* text : {"", "x y\n", "0 100000\n", "100000 0\n", "100000\n", "nan nan\n"}) {
    groups.add("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(groups.quota(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rwkv
