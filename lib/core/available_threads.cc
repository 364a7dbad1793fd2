#include "core/available_threads.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace rwkv {
namespace {

namespace fs = std::filesystem;

// The word `word` in a list like "rw,cpu,cpuacct".
bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// Where a hierarchy of groups with the cpu controller is mounted, and which group's folder that is.
struct Mount {
  bool is_v2;
  std::string root, point;
};

// A line of /proc/self/mountinfo: "36 35 98:0 ROOT POINT OPTIONS [FIELDS...] - TYPE SOURCE SUPER_OPTIONS".
std::optional<Mount> cpu_mount(const std::string& line) {
  std::istringstream words(line);
  std::string word, root, point, type, source, options;
  for (int i = 0; i < 3; ++i) words >> word;
  words >> root >> point;
  while (words >> word && word != "-") {
  }
  words >> type >> source >> options;
  if (type == "cgroup2") return Mount{true, root, point};
  if (type == "cgroup" && has_word(options, "cpu")) return Mount{false, root, point};
  return std::nullopt;
}

// The group's path, of a line of /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH", without controllers in v2.
std::optional<std::string> group_of(const std::string& line, bool is_v2) {
  const size_t first = line.find(':');
  const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
  if (is_v2 ? !controllers.empty() : !has_word(controllers, "cpu")) return std::nullopt;
  return line.substr(second + 1);
}

template <class Parse>
auto first_in(const fs::path& file, Parse&& parse) -> decltype(parse(std::string())) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (auto found = parse(line)) return found;
  }
  return std::nullopt;
}

// quota / period, unless there is no quota ("max", or -1).
std::optional<double> quotient(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return quota / period;
}

std::optional<double> quota_in(const fs::path& folder, bool is_v2) {
  double quota = 0, period = 0;
  if (is_v2) {
    std::ifstream(folder / "cpu.max") >> quota >> period;
  } else {
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
  }
  return quotient(quota, period);
}

// Of the folder, and all above it up to `top`.
std::optional<double> least_quota(fs::path folder, const fs::path& top, bool is_v2) {
  std::optional<double> least;
  for (;; folder = folder.parent_path()) {
    const auto quota = quota_in(folder, is_v2);
    if (quota && (!least || *quota < *least)) least = quota;
    if (folder == top || !folder.has_relative_path()) return least;
  }
}

size_t threads_by_affinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
    return static_cast<size_t>(CPU_COUNT(&set));
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

std::optional<double> cgroup_quota(const fs::path& root) {
  std::optional<double> least;
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto mount = cpu_mount(line);
    if (!mount) continue;
    auto group = first_in(root / "proc/self/cgroup",
                          [&](const std::string& text) { return group_of(text, mount->is_v2); });
    if (!group) continue;
    // Seen from within a container, the mounted folder may be that of the container's own group.
    if (mount->root != "/" && group->starts_with(mount->root)) group->erase(0, mount->root.size());
    const fs::path top = root / fs::path(mount->point).relative_path();
    const fs::path inside = (top / fs::path(*group).relative_path()).lexically_normal();
    const bool is_below = inside.native().starts_with(top.native());
    const auto quota = least_quota(is_below && fs::is_directory(inside) ? inside : top, top, mount->is_v2);
    if (quota && (!least || *quota < *least)) least = quota;
  }
  return least;
}

size_t available_threads() {
  const size_t n = threads_by_affinity();
  const auto quota = cgroup_quota();
  if (!quota || *quota >= static_cast<double>(n)) return n;
  return std::max<size_t>(1, static_cast<size_t>(std::ceil(*quota)));
}

}  // namespace rwkv
