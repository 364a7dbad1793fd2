// An output file that appears whole or not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace rwkv {

struct OutputOptions {
  bool is_text = false;  // else it is not written to a terminal
  StopPredicate stop{};  // for a target that is written straight, whose reader may have stalled
};

// Writes an unnamed file in the target's folder; commit() flushes it to the disk and gives it the target's
// name. Whatever ends the process before, nothing is left behind. Where the file system has no unnamed files,
// it is named .rwkv-PID-N.tmp, PID being this process's, and removed by the destructor.
// A symbolic link is followed. A device, a pipe, or an open descriptor (/dev/stdout, /dev/fd/3), be it
// redirected to a file, is written straight; so is "-", standard output. Every failure is an Error kIo that
// names the target.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target, OutputOptions options = {});
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void open_straight();
  void open_beside();
  void publish();

  std::filesystem::path target_;
  OutputOptions options_;
  Descriptor file_;
  bool is_straight_ = true;
  std::filesystem::path temporary_;  // the name that the file has for now, if it has one
  uint64_t written_bytes_ = 0, synced_bytes_ = 0;
};

// Error as AtomicFile's if it could not be written to `target`: to be known before long work. Leaves all as
// it is; what is behind a pipe, it does not know.
void check_output(const std::filesystem::path& target, bool is_text = false);

// Whether a name in a folder is one that AtomicFile gave to a file of that process. Async-signal-safe.
bool is_temporary_of(std::string_view file_name, long pid);

}  // namespace rwkv
