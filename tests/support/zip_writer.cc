#include "support/zip_writer.h"

#include <algorithm>
#include <cstring>

namespace rwkv {
namespace {

constexpr uint64_t kAlignment = 64, kBlockBytes = 1 << 22;
constexpr uint32_t kIn64 = 0xffff'ffff;  // "look into the ZIP64 field"
constexpr uint16_t kVersion = 45;

// Little-endian numbers of the given types, one behind the other.
template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return bytes;
}

template <class To>
To narrow(uint64_t number) {
  return static_cast<To>(number);
}

}  // namespace

void ZipWriter::write(std::string_view bytes) {
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  offset_ += bytes.size();
}

void ZipWriter::add(std::string_view name, uint64_t size, const FillBytes& fill) {
  constexpr uint64_t kHeaderBytes = 30, kExtraHeaderBytes = 4;
  entries_.push_back({std::string(name), offset_, size});
  const uint64_t begin = offset_ + kHeaderBytes + name.size() + kExtraHeaderBytes;
  const std::string padding((kAlignment - begin % kAlignment) % kAlignment, 'Z');
  write("PK\3\4" + packed(uint16_t{0}, uint16_t{0x0808}, uint16_t{0}, uint32_t{0}, uint32_t{0}, uint32_t{0},
                          uint32_t{0}, narrow<uint16_t>(name.size()),
                          narrow<uint16_t>(kExtraHeaderBytes + padding.size())));
  write(name);
  write("FB" + packed(narrow<uint16_t>(padding.size())) + padding);

  std::string block;
  for (uint64_t done = 0; done < size; done += block.size()) {
    block.resize(std::min(kBlockBytes, size - done));
    fill(done, std::as_writable_bytes(std::span(block)));
    write(block);
  }
  write("PK\7\10" + packed(uint32_t{0}) +
        (size >= kIn64 ? packed(size, size) : packed(narrow<uint32_t>(size), narrow<uint32_t>(size))));
}

void ZipWriter::add(std::string_view name, std::string_view content) {
  add(name, content.size(), [&](uint64_t offset, std::span<std::byte> block) {
    std::memcpy(block.data(), content.data() + offset, block.size());
  });
}

void ZipWriter::write_central_header(const Entry& entry) {
  const bool size_in_64 = zip64_ || entry.size >= kIn64, offset_in_64 = zip64_ || entry.offset >= kIn64;
  std::string fields;
  if (size_in_64) fields += packed(entry.size, entry.size);
  if (offset_in_64) fields += packed(entry.offset);
  const std::string extra =
      fields.empty() ? "" : packed(uint16_t{1}, narrow<uint16_t>(fields.size())) + fields;
  const uint32_t size = size_in_64 ? kIn64 : narrow<uint32_t>(entry.size);
  const uint32_t offset = offset_in_64 ? kIn64 : narrow<uint32_t>(entry.offset);
  write("PK\1\2" + packed(kVersion, kVersion, entry.flags, entry.method, uint32_t{0}, uint32_t{0}, size, size,
                          narrow<uint16_t>(entry.name.size()), narrow<uint16_t>(extra.size()), uint16_t{0},
                          uint16_t{0}, uint16_t{0}, uint32_t{0}, offset));
  write(entry.name + extra);
}

void ZipWriter::finish() {
  const uint64_t directory = offset_;
  for (const Entry& entry : entries_) write_central_header(entry);
  const uint64_t end = offset_, directory_bytes = end - directory, count = entries_.size();
  write("PK\6\6" + packed(uint64_t{44}, kVersion, kVersion, uint32_t{0}, uint32_t{0}, count, count,
                          directory_bytes, directory));
  write("PK\6\7" + packed(uint32_t{0}, end, uint32_t{1}));
  const auto short_count = narrow<uint16_t>(std::min<uint64_t>(count, 0xffff));
  write("PK\5\6" + packed(uint16_t{0}, uint16_t{0}, short_count, short_count,
                          narrow<uint32_t>(directory_bytes),
                          narrow<uint32_t>(std::min<uint64_t>(directory, kIn64)), uint16_t{0}));
}

}  // namespace rwkv
