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

// "-" and what names a descriptor is that descriptor, so that sockets, which cannot be opened, can be read.
Descriptor open_input(const std::filesystem::path& path, const StopPredicate& stop) {
  const auto fd = path == "-" ? std::optional<int>(STDIN_FILENO) : descriptor_named(path);
  Descriptor input = fd ? duplicate(*fd) : open_file(path, O_RDONLY, 0, stop);
  if (!input.is_open()) throw Error(ErrorKind::kIo, std::strerror(errno));
  return input;
}

// Grows by doubling, since a pipe does not tell its length.
std::vector<std::byte> read_all(int fd, const StopPredicate& stop) {
  constexpr size_t kFirstBytes = 1 << 16;
  std::vector<std::byte> bytes;
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(std::max(kFirstBytes, 2 * size));
    const ssize_t n = read_from(fd, std::span(bytes).subspan(size), stop);
    if (n < 0) fail("cannot read");
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

// From the file's beginning, wherever the descriptor stands.
void read_exactly(int fd, std::span<std::byte> to) {
  off_t offset = 0;
  while (!to.empty()) {
    const ssize_t n = ::pread(fd, to.data(), to.size(), offset);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) fail("cannot read");
    if (n == 0) throw Error(ErrorKind::kIo, "became shorter while it was read");
    to = to.subspan(static_cast<size_t>(n));
    offset += n;
  }
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path, FileAccess access, const StopPredicate& stop) {
  const Descriptor fd = open_input(path, stop);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail("cannot stat");
  if (S_ISDIR(info.st_mode)) throw Error(ErrorKind::kIo, "is a directory");
  const auto size = static_cast<size_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size == 0) return MappedFile(read_all(fd.get(), stop));
  if (access == FileAccess::kCopy) {
    HugePages copy(size);
    read_exactly(fd.get(), copy.bytes());
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
