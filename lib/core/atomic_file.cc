#include "core/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

// Dirty pages are written continuously, so that the final fsync does not stall for gigabytes.
constexpr uint64_t kSyncStepBytes = 64 << 20;
constexpr int kMaxNames = 1000;  // tried for a temporary file
constexpr std::string_view kPrefix = ".rwkv-", kSuffix = ".tmp";
constexpr mode_t kNewFile = 0666, kPrivateFile = 0600;

// The file's mode, or 0 where there is none.
mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode : 0;
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// Calls take(path) with names for a temporary file until take() succeeds, or fails with another error than
// EEXIST. Returns the name taken, or an empty one.
template <class Take>
std::filesystem::path take_name(const std::filesystem::path& folder, Take&& take) {
  const std::string begin = std::string(kPrefix) + std::to_string(::getpid()) + "-";
  for (int i = 0; i < kMaxNames; ++i) {
    auto path = folder / (begin + std::to_string(i) + std::string(kSuffix));
    if (take(path)) return path;
    if (errno != EEXIST) break;
  }
  return {};
}

// The link by which an unnamed file gets a name; needs /proc.
std::filesystem::path link_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool link_to(int fd, const std::filesystem::path& name) {
  return ::linkat(AT_FDCWD, link_of(fd).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

void sync_folder_of(const std::filesystem::path& file) {
  // Failure is ignored: the data is on disk; a power loss could only lose the name.
  const Descriptor folder = open_file(folder_of(file), O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) sync_file(folder.get());
}

// Bytes that write(2) cannot read lie in a mapped file that has become shorter. Reading them raises SIGBUS,
// whose handler names the file.
void touch(std::span<const std::byte> bytes) {
  constexpr size_t kStep = 4096;
  for (size_t i = 0; i < bytes.size(); i += kStep) {
    const volatile std::byte* byte = &bytes[i];
    static_cast<void>(*byte);
  }
}

}  // namespace

bool is_temporary_of(std::string_view file_name, long pid) {
  if (!file_name.starts_with(kPrefix) || !file_name.ends_with(kSuffix)) return false;
  long number = 0;
  const char* end = file_name.data() + file_name.size();
  const auto parsed = std::from_chars(file_name.data() + kPrefix.size(), end, number);
  return number == pid && parsed.ptr != end && *parsed.ptr == '-';
}

AtomicFile::AtomicFile(const std::filesystem::path& target, OutputOptions options)
    : target_(target), options_(std::move(options)) {
  if (target != "-") target_ = follow_links(target);
  const mode_t mode = mode_of(target_);
  const bool is_file = mode == 0 || S_ISREG(mode);
  if (target_.filename().empty() || S_ISDIR(mode)) {
    throw Error(ErrorKind::kIo, target.string() + (S_ISDIR(mode) ? ": is a directory" : ": not a file name"));
  }
  if (target == "-" || !is_file || is_in_proc(target_)) {
    open_straight();
  } else {
    is_straight_ = false;
    open_beside();
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const std::string& what) const {
  throw Error(ErrorKind::kIo, target_.string() + ": " + what + ": " + std::strerror(errno));
}

void AtomicFile::open_straight() {
  const auto fd = target_ == "-" ? std::optional<int>(STDOUT_FILENO) : descriptor_named(target_);
  file_ = fd ? duplicate(*fd) : open_file(target_, O_WRONLY, 0, options_.stop);
  if (!file_.is_open()) fail("cannot create");
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): fcntl() is what it is
  if ((::fcntl(file_.get(), F_GETFL) & O_ACCMODE) == O_RDONLY) {
    errno = EBADF;
    fail("cannot write");
  }
  if (!options_.is_text && ::isatty(file_.get()) == 1) {
    throw Error(ErrorKind::kUsage, (target_ == "-" ? "standard output" : target_.string()) +
                                       ": is a terminal, and what is written is not text: name a file, or "
                                       "redirect it");
  }
}

void AtomicFile::open_beside() {
  const mode_t replaced = mode_of(target_);
  const mode_t mode = replaced == 0 ? kNewFile : kPrivateFile;
  const auto folder = folder_of(target_);
  if (::access("/proc/self/fd", X_OK) == 0) file_ = open_file(folder, O_WRONLY | O_TMPFILE, mode);
  if (!file_.is_open()) {
    temporary_ = take_name(folder, [&](const auto& path) {
      file_ = open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
      return file_.is_open();
    });
  }
  if (!file_.is_open()) fail("cannot create");
  if (replaced != 0) ::fchmod(file_.get(), replaced & 07777);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write_patiently(file_.get(), bytes, is_straight_ ? options_.stop : StopPredicate());
    if (n < 0 && errno == EFAULT) touch(bytes);
    if (n < 0) fail("cannot write");
    bytes = bytes.subspan(static_cast<size_t>(n));
    written_bytes_ += static_cast<uint64_t>(n);
  }
#ifdef __linux__
  if (!is_straight_ && written_bytes_ - synced_bytes_ >= kSyncStepBytes) {
    ::sync_file_range(file_.get(), static_cast<off64_t>(synced_bytes_),
                      static_cast<off64_t>(written_bytes_ - synced_bytes_), SYNC_FILE_RANGE_WRITE);
    synced_bytes_ = written_bytes_;
  }
#endif
}

// Only a name can be replaced: an unnamed file gets one first, unless the target's is free.
void AtomicFile::publish() {
  if (temporary_.empty()) {
    if (link_to(file_.get(), target_)) return;
    if (errno != EEXIST) fail("cannot create");
    temporary_ = take_name(folder_of(target_), [&](const auto& path) { return link_to(file_.get(), path); });
    if (temporary_.empty()) fail("cannot create");
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot rename");
  temporary_.clear();
}

void AtomicFile::commit() {
  if (is_straight_) {
    if (file_.close() != 0) fail("cannot close");
    return;
  }
  if (sync_file(file_.get()) != 0) fail("cannot flush");
  publish();
  file_.close();  // fsync has reported every error already
  sync_folder_of(target_);
}

void check_output(const std::filesystem::path& target, bool is_text) {
  const mode_t mode = mode_of(target);
  if ((!S_ISFIFO(mode) && !S_ISSOCK(mode)) || descriptor_named(target)) {
    AtomicFile(target, {.is_text = is_text});
  } else if (::access(target.c_str(), W_OK) != 0) {
    throw Error(ErrorKind::kIo, target.string() + ": cannot write: " + std::strerror(errno));
  }
}

}  // namespace rwkv
