// Tables that begin with the same rows.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>

namespace rwkv {

// The rows of both tables, as a constant.
template <class Row, size_t kFirst, size_t kSecond>
constexpr std::array<Row, kFirst + kSecond> joined(const std::array<Row, kFirst>& first,
                                                   const std::array<Row, kSecond>& second) {
  std::array<Row, kFirst + kSecond> rows{};
  std::ranges::copy(second, std::ranges::copy(first, rows.begin()).out);
  return rows;
}

}  // namespace rwkv
