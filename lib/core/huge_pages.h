// Private memory in huge pages.
#pragma once
#include <cstddef>
#include <span>

namespace rwkv {

// Owns memory that begins and ends at the bounds of huge pages, zeros at first. On a system without huge
// pages the memory has small ones. Movable.
class HugePages {
 public:
  HugePages() = default;
  explicit HugePages(size_t size);  // std::bad_alloc
  HugePages(HugePages&& other) noexcept;
  HugePages& operator=(HugePages&& other) noexcept;
  ~HugePages();

  std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;  // as the caller gave it
};

}  // namespace rwkv
