// Writes ZIP archives as torch does, and spoilt ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Makes the bytes of a content, block by block: (offset of the block, block).
using FillBytes = std::function<void(uint64_t, std::span<std::byte>)>;

// Entries are stored, at multiples of 64; local headers have no sizes (flag bit 3), the ZIP64 end record is
// always there. Checksums are left 0. Streams: an entry may be larger than the memory.
class ZipWriter {
 public:
  struct Entry {
    std::string name;
    uint64_t offset, size;
    uint16_t method = 0, flags = 0x0808;
  };

  // zip64: sizes and offsets always in ZIP64 fields, not only where 32 bits are too few.
  explicit ZipWriter(std::ostream& out, bool zip64 = false) : out_(out), zip64_(zip64) {}

  void add(std::string_view name, uint64_t size, const FillBytes& fill);
  void add(std::string_view name, std::string_view content);
  // What the central directory will say; to be spoilt before finish().
  std::vector<Entry>& entries() { return entries_; }
  void finish();

 private:
  void write(std::string_view bytes);
  void write_central_header(const Entry& entry);

  std::ostream& out_;
  bool zip64_;
  uint64_t offset_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace rwkv
