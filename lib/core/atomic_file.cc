#include "core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

// Dirty pages are handed to the disk as we go, so that the final fsync does not stall for gigabytes.
constexpr uint64_t kSyncStepBytes = 64 << 20;

bool is_regular_or_absent(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

std::filesystem::path follow_links(std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // as the kernel
  for (int i = 0; i < kMaxLinks && std::filesystem::is_symlink(std::filesystem::symlink_status(path)); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  return path;
}

// A new file has the mode that open() would give it; a replaced one keeps its own.
mode_t wanted_mode(const std::filesystem::path& target) {
  struct stat info {};
  if (::stat(target.c_str(), &info) == 0) return info.st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

void sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // the data is on disk already; only the name might be lost with the power
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& target) : target_(target) {
  if (target == "-") {
    fd_ = ::dup(STDOUT_FILENO);
  } else if (std::filesystem::is_directory(target)) {
    throw Error(ErrorKind::kIo, target.string() + ": is a directory");
  } else if (!is_regular_or_absent(target)) {
    fd_ = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    target_ = follow_links(target);
    std::string name = target_.string() + ".XXXXXX";
    fd_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd_ >= 0) temporary_ = name;
  }
  if (fd_ < 0) fail("cannot create");
  if (!temporary_.empty()) ::fchmod(fd_, wanted_mode(target_));
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const std::string& what) const {
  throw Error(ErrorKind::kIo, target_.string() + ": " + what + ": " + std::strerror(errno));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot write");
    bytes = bytes.subspan(static_cast<size_t>(n));
    written_bytes_ += static_cast<uint64_t>(n);
  }
#ifdef __linux__
  if (!temporary_.empty() && written_bytes_ - synced_bytes_ >= kSyncStepBytes) {
    ::sync_file_range(fd_, static_cast<off64_t>(synced_bytes_),
                      static_cast<off64_t>(written_bytes_ - synced_bytes_), SYNC_FILE_RANGE_WRITE);
    synced_bytes_ = written_bytes_;
  }
#endif
}

void AtomicFile::commit() {
  if (!temporary_.empty() && ::fsync(fd_) != 0) fail("cannot flush");
  if (::close(std::exchange(fd_, -1)) != 0) fail("cannot close");
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot rename");
  temporary_.clear();
  sync_folder_of(target_);
}

}  // namespace rwkv
