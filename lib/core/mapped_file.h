// A file's bytes, read-only.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace rwkv {

enum class FileAccess {
  kMap,   // map a regular file: shared with other processes, read when touched
  kCopy,  // read it into private memory, in huge pages where the system has them
};

// Maps a regular file or copies it; reads a pipe or device into memory. Movable owner of the bytes.
class MappedFile {
 public:
  // Throws Error kIo, without the path (callers add it): no such file, a directory, no permission ...
  static MappedFile open(const std::filesystem::path& path, FileAccess access = FileAccess::kMap);

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
  enum class Memory { kFile, kAnonymous, kHeap };
  MappedFile(const std::byte* data, size_t size, Memory memory) : data_(data), size_(size), memory_(memory) {}
  static MappedFile copy_of(int fd, size_t size);
  void advise(std::span<const std::byte> part, int advice) const;

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  Memory memory_ = Memory::kHeap;
};

}  // namespace rwkv
