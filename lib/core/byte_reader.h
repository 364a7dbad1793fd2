// A cursor over untrusted bytes.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace rwkv {

static_assert(std::endian::native == std::endian::little, "file formats are read in place");

// Every read is bounds-checked (Error kFormat when the bytes end early); nothing is copied or owned.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes), size_(bytes.size()) {}

  std::span<const std::byte> take(uint64_t n_bytes) {
    if (n_bytes > rest_.size()) {
      throw Error(ErrorKind::kFormat, "ends early: " + std::to_string(n_bytes) + " bytes wanted at offset " +
                                          std::to_string(offset()) + ", " + std::to_string(rest_.size()) +
                                          " left");
    }
    const auto taken = rest_.first(static_cast<size_t>(n_bytes));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  std::string_view take_text(uint64_t n_bytes) {
    const auto taken = take(n_bytes);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  // Next little-endian value of a trivially copyable type.
  template <class T>
  T read() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  size_t offset() const { return size_ - rest_.size(); }
  std::span<const std::byte> rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  size_t size_;
};

}  // namespace rwkv
