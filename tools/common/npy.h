// float32 matrices in NumPy's file format.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/atomic_file.h"
#include "core/mapped_file.h"

namespace rwkv {

// Writes a [rows, cols] matrix row by row; the file appears whole or not at all (AtomicFile).
class NpyWriter {
 public:
  NpyWriter(const std::filesystem::path& target, uint64_t rows, uint64_t cols,
            const StopPredicate& stop = {});
  void write_row(std::span<const float> row);
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

// A [rows, cols] matrix of little-endian float32 in C order. Error, its message beginning with the path: not
// an .npy file, another dtype, order or number of dimensions, or bytes that do not match the shape.
class NpyFile {
 public:
  static NpyFile open(const std::filesystem::path& path, const StopPredicate& stop = {});

  uint64_t rows() const { return rows_; }
  uint64_t cols() const { return cols_; }
  void read_row(uint64_t row, std::span<float> out) const;

 private:
  explicit NpyFile(MappedFile file) : file_(std::move(file)) {}
  void parse();

  MappedFile file_;
  std::span<const std::byte> data_;
  uint64_t rows_ = 0, cols_ = 0;
};

}  // namespace rwkv
