// How many threads to use by default.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>

namespace rwkv {

// Processors that this process may use at a time: those of its affinity mask, at most its control group's
// quota of processor time, rounded up; at least 1.
size_t available_threads();

// The smallest quota, in processors, of this process's control group (version 1 or 2) and of the groups
// around it; nothing without a quota. `root` is the folder that holds /proc and the mounted groups.
std::optional<double> cgroup_quota(const std::filesystem::path& root = "/");

}  // namespace rwkv
