#include "common/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace rwkv {
namespace {

// The number in a file; UINT64_MAX where there is none ("max", or no such file).
uint64_t number_in(const std::string& path) {
  uint64_t number = 0;
  return std::ifstream(path) >> number ? number : UINT64_MAX;
}

uint64_t system_bytes() {
  std::ifstream lines("/proc/meminfo");
  std::string name, unit;
  for (uint64_t kilobytes = 0; lines >> name >> kilobytes; std::getline(lines, unit)) {
    if (name == "MemAvailable:") return kilobytes << 10;
  }
  return UINT64_MAX;
}

uint64_t difference(uint64_t limit, uint64_t used) {
  return limit == UINT64_MAX || used == UINT64_MAX ? UINT64_MAX : limit - std::min(limit, used);
}

// Of this process's cgroup, version 2 or 1. In a container its own cgroup is mounted as the root of the file
// system, whatever /proc/self/cgroup calls it.
uint64_t cgroup_bytes() {
  uint64_t least = UINT64_MAX;
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), own = line.substr(second + 1);
    for (const std::string& group : {own, std::string()}) {
      if (controllers.empty()) {
        const std::string folder = "/sys/fs/cgroup" + group;
        least = std::min(
            least, difference(number_in(folder + "/memory.max"), number_in(folder + "/memory.current")));
      } else if (controllers == "memory") {
        const std::string folder = "/sys/fs/cgroup/memory" + group;
        least = std::min(least, difference(number_in(folder + "/memory.limit_in_bytes"),
                                           number_in(folder + "/memory.usage_in_bytes")));
      }
    }
  }
  return least;
}

uint64_t address_space_bytes() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  const uint64_t pages = number_in("/proc/self/statm");
  return pages == UINT64_MAX
             ? limit.rlim_cur
             : difference(limit.rlim_cur, pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace

uint64_t available_memory_bytes() {
  return std::min({system_bytes(), cgroup_bytes(), address_space_bytes()});
}

size_t bounded_by_memory(size_t wanted, uint64_t bytes) {
  const uint64_t fitting = available_memory_bytes() / 2 / std::max<uint64_t>(bytes, 1);
  return static_cast<size_t>(std::clamp<uint64_t>(wanted, 1, std::max<uint64_t>(fitting, 1)));
}

}  // namespace rwkv
