// The entries of a ZIP archive that is used where it is mapped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rwkv {

struct ZipEntry {
  std::string name;
  std::span<const std::byte> bytes;  // of the entry's content, inside the archive, as they are stored
  uint64_t size = 0;                 // of the content
  bool deflated = false;             // whether the bytes are a raw deflate stream
};

// In the order of the central directory, from which sizes and offsets are taken (ZIP64 too).
// Error kFormat: no central directory, an entry outside the file, one name twice; kUnsupported: an entry that
// is encrypted, or compressed in another way than by deflate.
std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> file);

}  // namespace rwkv
