#include "core/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <utility>

namespace rwkv {
namespace {

constexpr size_t kHugePageBytes = 2 << 20;

constexpr size_t round_up(size_t n) { return (n + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes; }

// Maps one page more than is needed and gives back what lies outside the bounds.
std::byte* map_aligned(size_t size) {
  void* mapping =
      ::mmap(nullptr, size + kHugePageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<std::byte*>(mapping);
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const size_t before = round_up(address) - address, behind = kHugePageBytes - before;
  if (before > 0) ::munmap(begin, before);
  if (behind > 0) ::munmap(begin + before + size, behind);
  return begin + before;
}

}  // namespace

HugePages::HugePages(size_t size) : data_(map_aligned(round_up(size))), size_(size) {
  ::madvise(data_, round_up(size), MADV_HUGEPAGE);
}

HugePages::HugePages(HugePages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

HugePages& HugePages::operator=(HugePages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

HugePages::~HugePages() {
  if (data_ != nullptr) ::munmap(data_, round_up(size_));
}

}  // namespace rwkv
