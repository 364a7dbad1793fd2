#include "formats/zip_directory.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/byte_reader.h"
#include "core/printable.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kLocalHeader = "PK\3\4", kCentralHeader = "PK\1\2", kEnd = "PK\5\6";
constexpr std::string_view kEnd64Locator = "PK\6\7", kEnd64 = "PK\6\6";
constexpr size_t kEndBytes = 22, kEnd64LocatorBytes = 20, kMaxCommentBytes = 0xffff;
constexpr uint16_t kExtra64 = 1;
constexpr uint32_t kIn64 = 0xffff'ffff;  // the value stands in the ZIP64 field

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::kFormat, "broken zip archive: " + message);
}

// A reader of `file` from `offset` on, behind the signature of the record that begins there.
ByteReader record_at(Bytes file, uint64_t offset, std::string_view signature, const char* what) {
  if (offset > file.size()) fail(std::string(what) + " outside the file");
  ByteReader in(file.subspan(offset));
  if (in.take_text(signature.size()) != signature) fail(std::string("no ") + what + " where one should be");
  return in;
}

// The end record is followed by a comment only, whose length it tells.
uint64_t find_end(Bytes file) {
  for (size_t back = kEndBytes; back <= file.size() && back <= kEndBytes + kMaxCommentBytes; ++back) {
    ByteReader in(file.last(back));
    if (in.take_text(kEnd.size()) != kEnd) continue;
    in.take(16);
    if (in.read<uint16_t>() == back - kEndBytes) return file.size() - back;
  }
  throw Error(ErrorKind::kFormat, "a zip archive without its end: truncated, as by an interrupted download");
}

// Where the central directory lies.
struct Directory {
  uint64_t n_entries, bytes, offset;
};

std::optional<Directory> read_end64(Bytes file, uint64_t end) {
  if (end < kEnd64LocatorBytes) return std::nullopt;
  ByteReader locator(file.subspan(end - kEnd64LocatorBytes));
  if (locator.take_text(kEnd64Locator.size()) != kEnd64Locator) return std::nullopt;
  locator.take(4);  // disk
  ByteReader in = record_at(file, locator.read<uint64_t>(), kEnd64, "ZIP64 end record");
  in.take(28);  // size of the record, versions, disks, entries on this disk
  const auto n_entries = in.read<uint64_t>(), bytes = in.read<uint64_t>();
  return Directory{n_entries, bytes, in.read<uint64_t>()};
}

Directory find_directory(Bytes file) {
  const uint64_t end = find_end(file);
  if (const auto directory = read_end64(file, end)) return *directory;
  ByteReader in = record_at(file, end, kEnd, "end record");
  in.take(6);  // disks, entries on this disk
  const auto n_entries = in.read<uint16_t>();
  const auto bytes = in.read<uint32_t>();
  return {n_entries, bytes, in.read<uint32_t>()};
}

struct CentralHeader {
  std::string_view name;
  uint16_t flags, method;
  uint64_t stored_bytes, bytes, offset;
};

// Each value whose 32 bits are all ones stands here instead, in this order.
void read_extra64(ByteReader in, CentralHeader& header) {
  for (uint64_t* value : {&header.bytes, &header.stored_bytes, &header.offset}) {
    if (*value == kIn64) *value = in.read<uint64_t>();
  }
}

CentralHeader read_central_header(ByteReader& in) {
  CentralHeader header{};
  if (in.take_text(kCentralHeader.size()) != kCentralHeader) fail("bad central directory");
  in.take(4);  // versions
  header.flags = in.read<uint16_t>();
  header.method = in.read<uint16_t>();
  in.take(8);  // time, checksum
  header.stored_bytes = in.read<uint32_t>();
  header.bytes = in.read<uint32_t>();
  const auto name_bytes = in.read<uint16_t>(), extra_bytes = in.read<uint16_t>(),
             comment_bytes = in.read<uint16_t>();
  in.take(8);  // disk, attributes
  header.offset = in.read<uint32_t>();
  header.name = in.take_text(name_bytes);
  ByteReader extra(in.take(extra_bytes));
  in.take(comment_bytes);
  while (!extra.empty()) {
    const auto id = extra.read<uint16_t>(), size = extra.read<uint16_t>();
    const ByteReader field(extra.take(size));
    if (id == kExtra64) read_extra64(field, header);
  }
  return header;
}

ZipEntry entry_of(Bytes file, const CentralHeader& header) {
  constexpr uint16_t kEncrypted = 1;
  constexpr uint16_t kStored = 0, kDeflated = 8;
  if ((header.method != kStored && header.method != kDeflated) || (header.flags & kEncrypted) != 0) {
    throw Error(ErrorKind::kUnsupported, "is encrypted, or compressed by method " +
                                             std::to_string(header.method) +
                                             ", want it stored (as torch.save does) or deflated");
  }
  if (header.method == kStored && header.stored_bytes != header.bytes) fail("two sizes of what is stored");
  // Its sizes may be 0: torch writes them behind the content.
  ByteReader in = record_at(file, header.offset, kLocalHeader, "local header");
  in.take(22);
  const auto name_bytes = in.read<uint16_t>(), extra_bytes = in.read<uint16_t>();
  if (in.take_text(name_bytes) != header.name) fail("another name in the local header");
  in.take(extra_bytes);
  return {std::string(header.name), in.take(header.stored_bytes), header.bytes, header.method == kDeflated};
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(Bytes file) {
  const Directory directory = find_directory(file);
  if (directory.offset > file.size() || directory.bytes > file.size() - directory.offset) {
    fail("central directory outside the file");
  }
  std::vector<ZipEntry> entries;
  std::unordered_set<std::string_view> names;
  for (ByteReader in(file.subspan(directory.offset, directory.bytes)); !in.empty();) {
    const CentralHeader header = read_central_header(in);
    with_context("zip entry " + printable(header.name), [&] {
      if (!names.insert(header.name).second) fail("is there twice");
      entries.push_back(entry_of(file, header));
    });
  }
  if (entries.size() != directory.n_entries) {
    fail(std::to_string(entries.size()) + " entries, want " + std::to_string(directory.n_entries));
  }
  return entries;
}

}  // namespace rwkv
