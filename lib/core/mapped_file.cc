#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
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

// Grows by doubling, since a pipe does not tell its length.
std::vector<std::byte> read_all(int fd) {
  constexpr size_t kFirstBytes = 1 << 16;
  std::vector<std::byte> bytes;
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(std::max(kFirstBytes, 2 * size));
    const ssize_t n = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno != EINTR) fail("cannot read");
    if (n == 0) break;
    if (n > 0) size += static_cast<size_t>(n);
  }
  bytes.resize(size);
  return bytes;
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

MappedFile MappedFile::open(const std::filesystem::path& path, FileAccess access) {
  const FileDescriptor fd(path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail("cannot stat");
  if (S_ISDIR(info.st_mode)) throw Error(ErrorKind::kIo, "is a directory");
  const auto size = static_cast<size_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size == 0) return MappedFile(read_all(fd.get()));
  if (access == FileAccess::kCopy) {
    HugePages copy(size);
    read_exactly(fd.get(), copy.bytes().data(), size);
    return MappedFile(std::move(copy));
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) fail("cannot map");
  return {static_cast<const std::byte*>(data), size};
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      copy_(std::move(other.copy_)),
      content_(std::move(other.content_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(copy_, other.copy_);
  std::swap(content_, other.content_);
  return *this;
}

MappedFile::~MappedFile() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes void*
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::span<const std::byte> MappedFile::bytes() const {
  if (data_ != nullptr) return {data_, size_};
  return content_.empty() ? std::span<const std::byte>(copy_.bytes()) : content_;
}

void MappedFile::advise(std::span<const std::byte> part, int advice) const {
  if (data_ == nullptr || part.empty() || part.data() < data_ || part.data() + part.size() > data_ + size_)
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
