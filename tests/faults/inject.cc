// A library to be preloaded: makes one call of a system function fail, or do less than it was asked to.
// RWKV_FAULT is "CALL NTH FAULT": in the NTH call of CALL (open, read, pread, write, fsync, close, link,
// rename, mmap, malloc, recv, send, accept) since main() began, FAULT (a number of errno, or "short")
// happens. RWKV_FAULT_MARK names a file that is made when it does. With RWKV_NO_TMPFILE set, O_TMPFILE is as
// on file systems without it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t);            // NOLINT: glibc's names
void* __libc_memalign(size_t, size_t);  // NOLINT
}

namespace {

constexpr int kShort = -1;

struct Plan {
  char call[16] = "";
  int nth = 0;
  int fault = 0;  // errno, or kShort
  const char* mark = nullptr;
};
Plan plan;
bool has_tmpfile = true;
std::atomic<bool> begun = false;
std::atomic<int> n_calls = 0;

void read_plan() {
  const char* text = std::getenv("RWKV_FAULT");
  has_tmpfile = std::getenv("RWKV_NO_TMPFILE") == nullptr;
  char fault[16] = "";
  if (text == nullptr || std::sscanf(text, "%15s %d %15s", plan.call, &plan.nth, fault) != 3) return;
  plan.fault = std::strcmp(fault, "short") == 0 ? kShort : std::atoi(fault);
  plan.mark = std::getenv("RWKV_FAULT_MARK");
}

bool strikes(const char* call) {
  if (!begun || std::strcmp(call, plan.call) != 0 || ++n_calls != plan.nth) return false;
  if (plan.mark != nullptr) {
    const long fd = ::syscall(SYS_openat, AT_FDCWD, plan.mark, O_CREAT | O_WRONLY, 0600);
    ::syscall(SYS_close, fd);
  }
  if (plan.fault != kShort) errno = plan.fault;
  return true;
}

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  read_plan();
  begun = true;
  const int code = real_main(argc, argv, environment);
  begun = false;
  return code;
}

}  // namespace

extern "C" {

int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                      void* stack_end) {
  real_main = main;
  const auto start =
      next<int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*)>("__libc_start_main");
  return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (strikes("open")) return -1;
  if (!has_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t read(int fd, void* to, size_t n) {
  if (strikes("read")) {
    if (plan.fault != kShort) return -1;
    n = n > 1 ? 1 : n;
  }
  return ::syscall(SYS_read, fd, to, n);
}

ssize_t pread(int fd, void* to, size_t n, off_t offset) {
  if (strikes("pread")) {
    if (plan.fault != kShort) return -1;
    n = n > 1 ? 1 : n;
  }
  return ::syscall(SYS_pread64, fd, to, n, offset);
}

ssize_t write(int fd, const void* from, size_t n) {
  if (strikes("write")) {
    if (plan.fault != kShort) return -1;
    n = n > 1 ? n / 2 : n;
  }
  return ::syscall(SYS_write, fd, from, n);
}

ssize_t recv(int fd, void* to, size_t n, int flags) {
  if (strikes("recv")) {
    if (plan.fault != kShort) return -1;
    n = n > 1 ? 1 : n;
  }
  return ::syscall(SYS_recvfrom, fd, to, n, flags, nullptr, nullptr);
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  if (strikes("recv") && plan.fault != kShort) return -1;
  return ::syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t send(int fd, const void* from, size_t n, int flags) {
  if (strikes("send")) {
    if (plan.fault != kShort) return -1;
    n = n > 1 ? n / 2 : n;
  }
  return ::syscall(SYS_sendto, fd, from, n, flags, nullptr, 0);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (strikes("send") && plan.fault != kShort) return -1;
  return ::syscall(SYS_sendmsg, fd, message, flags);
}

int accept(int fd, sockaddr* address, socklen_t* size) {
  return strikes("accept") ? -1 : static_cast<int>(::syscall(SYS_accept4, fd, address, size, 0));
}

int fsync(int fd) { return strikes("fsync") ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }

// As on Linux: what fails is closed all the same.
int close(int fd) {
  const bool fails = strikes("close");
  const int error = errno;
  const int result = static_cast<int>(::syscall(SYS_close, fd));
  if (!fails) return result;
  errno = error;
  return -1;
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  if (strikes("link")) return -1;
  return static_cast<int>(::syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}

int rename(const char* from, const char* to) {
  if (strikes("rename")) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

void* mmap(void* address, size_t n, int protection, int flags, int fd, off_t offset) {
  if (strikes("mmap")) return MAP_FAILED;
  return reinterpret_cast<void*>(::syscall(SYS_mmap, address, n, protection, flags, fd, offset));
}

void* malloc(size_t n) { return strikes("malloc") ? nullptr : __libc_malloc(n); }
void* aligned_alloc(size_t alignment, size_t n) {
  return strikes("malloc") ? nullptr : __libc_memalign(alignment, n);
}
int posix_memalign(void** result, size_t alignment, size_t n) {
  if (strikes("malloc")) return ENOMEM;
  *result = __libc_memalign(alignment, n);
  return *result == nullptr ? ENOMEM : 0;
}

}  // extern "C"
