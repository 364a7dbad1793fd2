// An output file that appears whole or not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace rwkv {

// Writes beside the target under a temporary name; commit() flushes, fsyncs and renames. Destroyed before
// commit() it removes what it wrote. A symbolic link is followed; a device or a pipe is written straight.
// "-" is standard output. Every write error is an Error kIo that names the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path target_, temporary_;  // temporary_ is empty when the target is written straight
  int fd_ = -1;
  uint64_t written_bytes_ = 0, synced_bytes_ = 0;
};

}  // namespace rwkv
