// A file's bytes, read-only.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace rwkv {

// Maps a regular file; reads a pipe or device into memory. Movable owner of the bytes.
class MappedFile {
 public:
  // Throws Error kIo, without the path (callers add it): no such file, a directory, no permission ...
  static MappedFile open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  // Tells the system that these bytes are not needed any more, so that resident memory stays small.
  // They may still be read, from the file again. No effect on bytes outside this file or in memory.
  void release(std::span<const std::byte> part) const;
  // Asks the system to read this part ahead.
  void prefetch(std::span<const std::byte> part) const;

 private:
  MappedFile(const std::byte* data, size_t size, bool mapped) : data_(data), size_(size), mapped_(mapped) {}
  void advise(std::span<const std::byte> part, int advice) const;

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  bool mapped_ = false;  // else: from malloc
};

}  // namespace rwkv
