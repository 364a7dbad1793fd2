// A checkpoint: a list of named tensors, whatever the format of the file.
#pragma once
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// A file of a known format. Movable; keeps the mapping that its views look into alive. Immutable.
class TensorFile {
 public:
  // Judges the format by content, never by suffix. Error, its message beginning with the path: not readable,
  // not a checkpoint (says what it is instead: a git-lfs pointer, a web page, a truncated download ...), or
  // broken. kInterrupted when stop() says so while a pipe is waited for.
  static TensorFile open(const std::filesystem::path& path, FileAccess access = FileAccess::kMap,
                         const StopPredicate& stop = {});

  const std::string& path() const { return path_; }    // as it was given
  std::string_view format() const { return format_; }  // "safetensors", "PyTorch zip" ...
  std::span<const TensorView> tensors() const { return list_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return list_.metadata; }
  const TensorView* find(std::string_view name) const;  // null when absent
  const TensorView& at(std::string_view name) const;    // Error kFormat naming file and tensor
  const MappedFile& file() const { return file_; }
  uint64_t file_bytes() const { return file_.bytes().size(); }
  // As MappedFile::release(), for a part of the file that a tensor's `bytes` are.
  void release(std::span<const std::byte> part) const { file_.release(part); }
  // Errors about this file's content: "path: message".
  [[noreturn]] void fail(const std::string& message) const;

 private:
  TensorFile(MappedFile file, std::string path, std::string_view format, TensorList list);

  MappedFile file_;
  std::string path_;
  std::string_view format_;
  TensorList list_;
  std::unordered_map<std::string_view, size_t> index_;  // keys look into list_
};

}  // namespace rwkv
