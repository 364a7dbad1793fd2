// The memory that is available.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rwkv {

// The bytes that this process can still allocate without swapping or being killed: what the system has
// available, within the limits of its cgroup and its own (RLIMIT_AS). UINT64_MAX if unknown.
uint64_t available_memory_bytes();

// How many objects of `bytes` each fit into half of that; at least 1, at most `wanted`.
size_t bounded_by_memory(size_t wanted, uint64_t bytes);

}  // namespace rwkv
