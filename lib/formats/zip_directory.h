// The entries of a ZIP archive in mapped memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rwkv {

struct ZipEntry {
  std::string name;
  std::span<const std::byte> bytes;  // the stored bytes of the entry, inside the archive
  uint64_t size = 0;                 // of the content after inflating
  bool deflated = false;             // whether the bytes are a raw deflate stream
};

// In the order of the central directory, which gives sizes and offsets (ZIP64 too). Error kFormat: no central
// directory, an entry outside the file, a name that occurs twice; kUnsupported: an entry that is encrypted,
// or compressed by another method than deflate.
std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> file);

}  // namespace rwkv
