#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorKind::kIo, std::string(what) + ": " + std::strerror(errno));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw Error(ErrorKind::kIo, std::strerror(errno));
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { ::close(fd_); }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Free {
  void operator()(std::byte* p) const { std::free(p); }  // NOLINT(cppcoreguidelines-no-malloc): realloc below
};
using MallocBytes = std::unique_ptr<std::byte, Free>;

// Grows by doubling, since a pipe does not tell its length.
std::pair<MallocBytes, size_t> read_all(int fd) {
  MallocBytes bytes;
  size_t size = 0, capacity = 0;
  for (;;) {
    if (size == capacity) {
      capacity = std::max<size_t>(1 << 16, 2 * capacity);
      auto* grown = static_cast<std::byte*>(std::realloc(bytes.get(), capacity));
      if (grown == nullptr) throw std::bad_alloc();
      static_cast<void>(bytes.release());
      bytes.reset(grown);
    }
    const ssize_t n = ::read(fd, bytes.get() + size, capacity - size);
    if (n == 0) return {std::move(bytes), size};
    if (n < 0 && errno != EINTR) fail("cannot read");
    if (n > 0) size += static_cast<size_t>(n);
  }
}

constexpr size_t kHugePageBytes = 2 << 20;

constexpr size_t round_up(size_t n, size_t step) { return (n + step - 1) / step * step; }

// `size` bytes of zeros that begin at a huge page; unmapped by the caller.
std::byte* map_huge_pages(size_t size) {
  const size_t slack = size + kHugePageBytes;
  void* mapping = ::mmap(nullptr, slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<std::byte*>(mapping);
  const auto address = reinterpret_cast<uintptr_t>(begin);
  std::byte* data = begin + (round_up(address, kHugePageBytes) - address);
  if (data != begin) ::munmap(begin, static_cast<size_t>(data - begin));
  if (const auto behind = static_cast<size_t>(begin + slack - (data + size)); behind > 0)
    ::munmap(data + size, behind);
  ::madvise(data, size, MADV_HUGEPAGE);  // a wish: without huge pages it is only slower
  return data;
}

void read_exactly(int fd, std::byte* to, size_t size) {
  while (size > 0) {
    const ssize_t n = ::read(fd, to, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot read");
    if (n == 0) throw Error(ErrorKind::kIo, "became shorter while it was read");
    to += n;
    size -= static_cast<size_t>(n);
  }
}

}  // namespace

MappedFile MappedFile::copy_of(int fd, size_t size) {
  std::byte* data = map_huge_pages(round_up(size, kHugePageBytes));
  MappedFile file(data, size, Memory::kAnonymous);  // owns it from here on
  read_exactly(fd, data, size);
  return file;
}

MappedFile MappedFile::open(const std::filesystem::path& path, FileAccess access) {
  const FileDescriptor fd(path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail("cannot stat");
  if (S_ISDIR(info.st_mode)) throw Error(ErrorKind::kIo, "is a directory");
  if (!S_ISREG(info.st_mode)) {
    auto [bytes, size] = read_all(fd.get());
    return {bytes.release(), size, Memory::kHeap};
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return {nullptr, 0, Memory::kHeap};
  if (access == FileAccess::kCopy) return copy_of(fd.get(), size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) fail("cannot map");
  return {static_cast<const std::byte*>(data), size, Memory::kFile};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      memory_(other.memory_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
  return *this;
}

MappedFile::~MappedFile() {
  auto* data = const_cast<std::byte*>(data_);  // NOLINT(cppcoreguidelines-pro-type-const-cast): we own it
  if (memory_ == Memory::kHeap) {
    Free()(data);
  } else if (data != nullptr) {
    ::munmap(data, memory_ == Memory::kFile ? size_ : round_up(size_, kHugePageBytes));
  }
}

void MappedFile::advise(std::span<const std::byte> part, int advice) const {
  if (memory_ != Memory::kFile || part.empty() || part.data() < data_ ||
      part.data() + part.size() > data_ + size_)
    return;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t offset = static_cast<size_t>(part.data() - data_) / page * page;
  const size_t end = static_cast<size_t>(part.data() - data_) + part.size();
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): madvise takes void*, these advices write nothing
  ::madvise(const_cast<std::byte*>(data_) + offset, end - offset, advice);
}

void MappedFile::release(std::span<const std::byte> part) const { advise(part, MADV_DONTNEED); }
void MappedFile::prefetch(std::span<const std::byte> part) const { advise(part, MADV_WILLNEED); }

}  // namespace rwkv
