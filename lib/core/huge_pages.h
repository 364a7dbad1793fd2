// Private memory in huge pages.
#pragma once
#include <cstddef>
#include <span>

namespace rwkv {

// Owns memory that begins and ends at a huge page's bound, zeros at first. Where the system has no huge pages
// it is only slower. Movable.
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
  size_t size_ = 0;  // as asked for
};

}  // namespace rwkv
