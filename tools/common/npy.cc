#include "common/npy.h"

#include <cstring>
#include <regex>

#include "core/byte_reader.h"
#include "core/checked_math.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

// Layout: magic | u8 major, minor | u16 (version 1) or u32 header length | header, a Python dict | data
constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;
constexpr size_t kMaxHeaderBytes = 4096;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

std::string header_text(ByteReader& in) {
  const auto magic = in.rest().first(std::min(in.rest().size(), kMagic.size()));
  if (std::string_view(reinterpret_cast<const char*>(magic.data()), magic.size()) != kMagic)
    fail("not an .npy file");
  in.take(kMagic.size());
  const auto major = in.read<uint8_t>();
  in.read<uint8_t>();
  if (major < 1 || major > 3) fail(".npy version " + std::to_string(major) + ", want 1 to 3");
  const uint64_t n_bytes = major == 1 ? in.read<uint16_t>() : in.read<uint32_t>();
  if (n_bytes > kMaxHeaderBytes) fail(".npy header of " + std::to_string(n_bytes) + " bytes, want fewer");
  return std::string(in.take_text(n_bytes));
}

// The text that the pattern's group matches in the header.
std::smatch find_in(const std::string& header, const char* pattern, const char* wanted) {
  std::smatch match;
  if (!std::regex_search(header, match, std::regex(pattern))) {
    fail(".npy header " + printable(header) + ", want " + wanted);
  }
  return match;
}

}  // namespace

NpyWriter::NpyWriter(const std::filesystem::path& target, uint64_t rows, uint64_t cols,
                     const StopPredicate& stop)
    : file_(target, {.stop = stop}) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(cols) + "), }";
  const size_t prefix_bytes = kMagic.size() + 2 + sizeof(uint16_t);
  const size_t rest = (prefix_bytes + header.size() + 1) % kAlignment;
  header.append((kAlignment - rest) % kAlignment, ' ') += '\n';
  const auto n_bytes = static_cast<uint16_t>(header.size());
  file_.write(kMagic);
  file_.write(std::string_view("\1\0", 2));
  file_.write(std::as_bytes(std::span(&n_bytes, 1)));
  file_.write(header);
}

void NpyWriter::write_row(std::span<const float> row) { file_.write(std::as_bytes(row)); }

NpyFile NpyFile::open(const std::filesystem::path& path, const StopPredicate& stop) {
  return with_context(path.string(), [&] {
    NpyFile matrix(MappedFile::open(path, FileAccess::kMap, stop));
    matrix.parse();
    return matrix;
  });
}

void NpyFile::parse() {
  ByteReader in(file_.bytes());
  const std::string header = header_text(in);
  find_in(header, "'descr': *'<f4'", "'descr': '<f4'");
  find_in(header, "'fortran_order': *False", "'fortran_order': False");
  const auto shape =
      find_in(header, R"('shape': *\( *(\d{1,18}), *(\d{1,18}),? *\))", "'shape': (rows, columns)");
  rows_ = std::stoull(shape[1]);
  cols_ = std::stoull(shape[2]);
  data_ = in.rest();
  const uint64_t wanted = checked_mul(checked_mul(rows_, cols_), sizeof(float));
  if (data_.size() != wanted) {
    fail(std::to_string(data_.size()) + " bytes of data, want " + std::to_string(wanted) + " for " +
         shape[0].str());
  }
}

void NpyFile::read_row(uint64_t row, std::span<float> out) const {
  std::memcpy(out.data(), data_.data() + row * cols_ * sizeof(float), out.size_bytes());
}

}  // namespace rwkv
