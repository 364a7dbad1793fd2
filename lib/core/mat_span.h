// A view of rows in someone else's memory.
#pragma once
#include <cassert>
#include <cstddef>
#include <span>
#include <type_traits>

namespace rwkv {

// `rows` rows of `cols` elements; row r begins at data + r * stride. Does not own.
template <class T>
struct MatSpan {
  T* data = nullptr;
  size_t rows = 0, cols = 0, stride = 0;  // in elements

  MatSpan() = default;
  MatSpan(T* first, size_t n_rows, size_t n_cols) : MatSpan(first, n_rows, n_cols, n_cols) {}
  MatSpan(T* first, size_t n_rows, size_t n_cols, size_t row_stride)
      : data(first), rows(n_rows), cols(n_cols), stride(row_stride) {}
  // NOLINTNEXTLINE(google-explicit-constructor): a mutable view is a const view, as with std::span
  operator MatSpan<const T>() const { return {data, rows, cols, stride}; }

  T* row_data(size_t r) const { return data + r * stride; }
  std::span<T> row(size_t r) const {
    assert(r < rows);
    return {row_data(r), cols};
  }
  MatSpan rows_at(size_t first, size_t count) const {
    assert(first + count <= rows);
    return {row_data(first), count, cols, stride};
  }
  MatSpan cols_at(size_t first, size_t count) const {
    assert(first + count <= cols);
    return {data + first, rows, count, stride};
  }
};

}  // namespace rwkv
