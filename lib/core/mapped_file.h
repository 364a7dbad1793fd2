// A file's bytes, read-only.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "core/huge_pages.h"

namespace rwkv {

enum class FileAccess {
  kMap,   // map a regular file: shared with other processes, read when accessed
  kCopy,  // read it into private memory, in huge pages where the system has them
};

// Maps a regular file or copies it; reads a pipe or device into memory. Movable owner of the bytes.
class MappedFile {
 public:
  // "-" is standard input. Throws Error kIo, without the path (callers add it): no such file, a directory, no
  // permission ...; kInterrupted when stop() returns true while a pipe keeps the call waiting.
  static MappedFile open(const std::filesystem::path& path, FileAccess access = FileAccess::kMap,
                         const StopPredicate& stop = {});

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const;
  // Tells the system that these bytes are no longer needed, which keeps resident memory small. Later reads
  // fetch them from the file again. Bytes outside the mapping are ignored.
  void release(std::span<const std::byte> part) const;
  // Asks the system to read this part ahead.
  void prefetch(std::span<const std::byte> part) const;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}  // a mapping of the file
  explicit MappedFile(HugePages copy) : copy_(std::move(copy)) {}
  explicit MappedFile(std::vector<std::byte> content) : content_(std::move(content)) {}
  void advise(std::span<const std::byte> part, int advice) const;

  // One of the next two holds the bytes.
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  HugePages copy_;
  std::vector<std::byte> content_;
};

}  // namespace rwkv
