#include "formats/inflated.h"

#include <zlib.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <string>

#include "core/error.h"

namespace rwkv {
namespace {

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::kFormat, "compressed bytes: " + message);
}

}  // namespace

struct Inflated::Decoder {
  std::mutex mutex;
  z_stream zlib{};
  std::span<const std::byte> rest;
  uint64_t offset = 0;
  bool open = false;

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { close(); }

  void close() {
    if (open) ::inflateEnd(&zlib);
    open = false;
  }

  void begin(std::span<const std::byte> stream) {
    close();
    zlib = {};
    constexpr int kRaw = -15;  // no header, the largest window
    if (::inflateInit2(&zlib, kRaw) != Z_OK) throw std::bad_alloc();
    open = true;
    rest = stream;
    offset = 0;
  }

  void read(std::span<std::byte> out) {
    while (!out.empty()) {
      const auto n_in = static_cast<uInt>(std::min<size_t>(rest.size(), 1U << 30U));
      const auto n_out = static_cast<uInt>(std::min<size_t>(out.size(), 1U << 30U));
      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): zlib does not write there
      zlib.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest.data()));
      zlib.avail_in = n_in;
      zlib.next_out = reinterpret_cast<Bytef*>(out.data());
      zlib.avail_out = n_out;
      const int code = ::inflate(&zlib, Z_NO_FLUSH);
      const size_t made = n_out - zlib.avail_out;
      rest = rest.subspan(n_in - zlib.avail_in);
      out = out.subspan(made);
      offset += made;
      if (code == Z_STREAM_END && out.empty()) return;
      if (code != Z_OK || (made == 0 && rest.empty())) fail("they are broken or end early");
    }
  }
};

Inflated::Inflated(std::span<const std::byte> stream, uint64_t n_bytes)
    : stream_(stream), n_bytes_(n_bytes), decoder_(std::make_unique<Decoder>()) {
  constexpr uint64_t kMostOfAByte = 1032;  // deflate's best ratio
  if (n_bytes / kMostOfAByte > stream.size()) {
    fail(std::to_string(stream.size()) + " bytes cannot become " + std::to_string(n_bytes));
  }
}

Inflated::~Inflated() = default;

void Inflated::read(uint64_t offset, std::span<std::byte> out) const {
  constexpr size_t kSkipBytes = 1 << 16;
  if (offset > n_bytes_ || out.size() > n_bytes_ - offset) fail("are read beyond their end");
  const std::lock_guard lock(decoder_->mutex);
  if (!decoder_->open || offset < decoder_->offset) decoder_->begin(stream_);
  std::vector<std::byte> skipped;
  while (decoder_->offset < offset) {
    skipped.resize(std::min<uint64_t>(kSkipBytes, offset - decoder_->offset));
    decoder_->read(skipped);
  }
  decoder_->read(out);
}

std::vector<std::byte> Inflated::all() const {
  std::vector<std::byte> bytes(n_bytes_);
  read(0, bytes);
  return bytes;
}

}  // namespace rwkv
