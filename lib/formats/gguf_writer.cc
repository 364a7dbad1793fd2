#include "formats/gguf_writer.h"

#include <array>
#include <cassert>

#include "core/checked_math.h"
#include "formats/ggml_tensor.h"
#include "formats/gguf_header.h"

namespace rwkv {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kAlignment = 32;  // the format's own, where the metadata tells no other

template <class Number>
void append(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_text(std::string& bytes, std::string_view text) {
  append<uint64_t>(bytes, text.size());
  bytes += text;
}

void append_type(std::string& bytes, GgufValueType type) { append(bytes, static_cast<uint32_t>(type)); }

uint64_t padding_behind(uint64_t n_bytes) { return (kAlignment - n_bytes % kAlignment) % kAlignment; }

std::string descriptions_of(std::span<const GgufSpec> tensors) {
  std::string bytes;
  uint64_t offset = 0;
  for (const GgufSpec& tensor : tensors) {
    append_text(bytes, tensor.name);
    append(bytes, static_cast<uint32_t>(tensor.shape.size()));
    for (size_t d = tensor.shape.size(); d-- > 0;) append(bytes, tensor.shape[d]);
    append(bytes, tensor.type->id);
    append(bytes, offset);
    const uint64_t end = checked_add(offset, ggml_byte_size(*tensor.type, tensor.shape));
    offset = checked_add(end, padding_behind(end));
  }
  return bytes;
}

}  // namespace

void GgufMetadata::add(std::string_view key, std::string_view text) {
  append_text(bytes_, key);
  append_type(bytes_, GgufValueType::kString);
  append_text(bytes_, text);
  ++count_;
}

void GgufMetadata::add(std::string_view key, uint32_t number) {
  append_text(bytes_, key);
  append_type(bytes_, GgufValueType::kU32);
  append(bytes_, number);
  ++count_;
}

void GgufMetadata::add(std::string_view key, float number) {
  append_text(bytes_, key);
  append_type(bytes_, GgufValueType::kF32);
  append(bytes_, number);
  ++count_;
}

void GgufMetadata::add(std::string_view key, std::span<const std::string> texts) {
  append_text(bytes_, key);
  append_type(bytes_, GgufValueType::kArray);
  append_type(bytes_, GgufValueType::kString);
  append<uint64_t>(bytes_, texts.size());
  for (const std::string& text : texts) append_text(bytes_, text);
  ++count_;
}

void GgufMetadata::add(std::string_view key, std::span<const int32_t> numbers) {
  append_text(bytes_, key);
  append_type(bytes_, GgufValueType::kArray);
  append_type(bytes_, GgufValueType::kI32);
  append<uint64_t>(bytes_, numbers.size());
  for (const int32_t number : numbers) append(bytes_, number);
  ++count_;
}

GgufWriter::GgufWriter(const std::filesystem::path& target, std::vector<GgufSpec> tensors,
                       const GgufMetadata& metadata, const StopPredicate& stop)
    : file_(target, {.stop = stop}), tensors_(std::move(tensors)) {
  std::string header = "GGUF";
  append(header, kVersion);
  append<uint64_t>(header, tensors_.size());
  append(header, metadata.count_);
  header += metadata.bytes_;
  header += descriptions_of(tensors_);
  header.resize(header.size() + padding_behind(header.size()));
  file_.write(header);
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  written_bytes_ += bytes.size();
  file_.write(bytes);
}

void GgufWriter::end_tensor() {
  assert(written_bytes_ == ggml_byte_size(*tensors_[n_done_].type, tensors_[n_done_].shape));
  constexpr std::array<std::byte, kAlignment> kZeros = {};
  file_.write(std::span(kZeros).first(padding_behind(written_bytes_)));
  written_bytes_ = 0;
  ++n_done_;
}

void GgufWriter::commit() {
  assert(n_done_ == tensors_.size());
  file_.commit();
}

}  // namespace rwkv
