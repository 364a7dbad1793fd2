// How many threads are worth having.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>

namespace rwkv {

// Processors that this process may use at a time: those of its affinity mask, bounded by its control group's
// quota of processor time, rounded up; at least 1.
size_t available_threads();

// The least quota of the control group (version 1 or 2) that this process is in, and of those that hold it,
// in processors; nothing where there is no quota. `root` is where /proc and the mounted groups are found.
std::optional<double> cgroup_quota(const std::filesystem::path& root = "/");

}  // namespace rwkv
