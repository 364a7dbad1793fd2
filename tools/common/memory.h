// How much memory there is to be had.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rwkv {

// What this process may still take without swapping or being ended for it: what the system has available,
// within its cgroup's limit and its own (RLIMIT_AS). UINT64_MAX where nothing tells.
uint64_t available_memory_bytes();

// How many things of `bytes` each fit into half of that; at least 1, at most `wanted`.
size_t bounded_by_memory(size_t wanted, uint64_t bytes);

}  // namespace rwkv
