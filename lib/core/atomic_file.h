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
  StopPredicate stop{};  // ends the wait for a stalled reader, where the target is written straight
};

// Writes an unnamed file in the target's folder; commit() flushes the file to disk and gives it the
// target's name. If the process ends earlier, nothing is left behind. On a file system without unnamed
// files the file is named .rwkv-PID-N.tmp (PID: this process's), and the destructor removes it. A symbolic
// link is followed. A device, a pipe, "-" (standard output), or an open descriptor (/dev/stdout,
// /dev/fd/3; also one redirected to a file) is written straight. Every failure is an Error kIo that names
// the target.
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
  std::filesystem::path temporary_;  // the file's name for now, if it has one
  uint64_t written_bytes_ = 0, synced_bytes_ = 0;
};

// Throws AtomicFile's Error if `target` could not be written, so that users learn of it before long work.
// Changes nothing; does not know whether a pipe has a reader.
void check_output(const std::filesystem::path& target, bool is_text = false);

// Whether AtomicFile gave this name to a file of process `pid`. Async-signal-safe.
bool is_temporary_of(std::string_view file_name, long pid);

}  // namespace rwkv
