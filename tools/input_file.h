// A file to be read from its beginning to its end.
#pragma once
#include <cstddef>
#include <string>

namespace rwkv {

// Open for reading; "-" is standard input, which is not closed.
class InputFile {
 public:
  // A pipe gets room for about `block_bytes`, so that its writer goes on while a block is worked on. Error
  // kIo: not there, not readable, a directory.
  InputFile(const std::string& name, size_t block_bytes);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace rwkv
