// A file in memory that has a path, for what reads files by their paths.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

#include "core/descriptor.h"

namespace rwkv {

class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (!file_.is_open()) std::abort();
  }
  MemoryFile(const uint8_t* data, size_t size) : MemoryFile() {
    for (auto left = std::as_bytes(std::span(data, size)); !left.empty();) {
      const ssize_t n = write_to(file_.get(), left);
      if (n < 0) std::abort();
      left = left.subspan(static_cast<size_t>(n));
    }
  }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  Descriptor file_;
};

}  // namespace rwkv
