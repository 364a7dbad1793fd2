// A checkpoint: a list of named tensors, whatever the file's format and naming.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// A file of a known format, or the files that an index names. Movable; keeps the mappings of its views
// alive.
class TensorFile {
 public:
  // Judges the format by content, never by suffix; tensors get BlinkDL's names (naming/naming.h). A folder
  // means the checkpoint in it. Error, its message beginning with the path: not readable, not a checkpoint
  // (the message says what the file is: a git-lfs pointer, a web page, a truncated download ...), or broken.
  // kInterrupted when stop() returns true while a pipe keeps the call waiting.
  static TensorFile open(const std::filesystem::path& path, FileAccess access = FileAccess::kMap,
                         const StopPredicate& stop = {});

  const std::string& path() const { return path_; }      // as the caller gave it
  const std::string& format() const { return format_; }  // "safetensors", "PyTorch zip, 3 files" ...
  std::string_view naming() const { return naming_; }    // whose names the file uses; empty: BlinkDL's
  std::span<const TensorView> tensors() const { return list_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return list_.metadata; }
  const TensorView* find(std::string_view name) const;  // null when absent
  const TensorView& at(std::string_view name) const;    // Error kFormat that names file and tensor
  std::span<const MappedFile> files() const { return files_; }
  uint64_t file_bytes() const;  // of all files
  // As MappedFile::release(), for a part of a tensor's `bytes`.
  void release(std::span<const std::byte> part) const;
  // Removes the tensors for which `unwanted` is true; returns their number.
  size_t drop(const std::function<bool(const TensorView&)>& unwanted);
  // Errors about this file's content: "path: message".
  [[noreturn]] void fail(const std::string& message) const;

 private:
  TensorFile() = default;
  std::string_view add(const std::filesystem::path& path, FileAccess access, const StopPredicate& stop);
  void add_shards(const std::filesystem::path& index, FileAccess access, const StopPredicate& stop);
  void make_index();

  std::vector<MappedFile> files_;
  std::string path_, format_;
  std::string_view naming_;
  TensorList list_;
  std::unordered_map<std::string_view, size_t> index_;  // keys point into list_
};

}  // namespace rwkv
