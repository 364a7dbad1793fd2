#include "formats/safetensors_writer.h"

#include <algorithm>
#include <bit>
#include <boost/json.hpp>
#include <cassert>
#include <unordered_map>

#include "core/checked_math.h"
#include "core/error.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr size_t kAlignment = 64;
constexpr size_t kMaxHeaderBytes = 100'000'000;
constexpr std::string_view kMetadata = "__metadata__";

PlainForm form_of(const TensorSpec& tensor) {
  if (!is_laid_out(tensor)) return {tensor.dtype, tensor.shape};
  return plain_form(tensor.dtype, tensor.layout, tensor.shape.at(0), tensor.shape.at(1));
}

// How many low bits of the size are zero, as far as alignment goes. Sorted by it downwards, tensors tile the
// data without holes, and each begins at a multiple of its own alignment.
int alignment_bits(const TensorSpec& tensor) {
  return std::min(std::countr_zero(byte_size(tensor)), std::countr_zero(kAlignment));
}

json::array json_of(const Shape& shape) { return json::array(shape.begin(), shape.end()); }

json::object entry_of(const TensorSpec& tensor, uint64_t begin, uint64_t end) {
  const PlainForm plain = form_of(tensor);
  return {{"dtype", dtype_info(plain.dtype).safetensors},
          {"shape", json_of(plain.shape)},
          {"data_offsets", {begin, end}}};
}

// The metadata of the file: what was asked for, and what is laid out in our own way.
json::object metadata_of(std::span<const TensorSpec> tensors,
                         const std::map<std::string, std::string>& metadata) {
  json::object packed;
  for (const TensorSpec& tensor : tensors) {
    if (!is_laid_out(tensor)) continue;
    packed[tensor.name] = {{"dtype", dtype_info(tensor.dtype).name},
                           {"layout", layout_name(tensor.layout)},
                           {"shape", json_of(tensor.shape)}};
  }
  json::object all;
  for (const auto& [key, text] : metadata) {
    if (key == kPackedFormatKey || key == kPackedKey)
      throw Error(ErrorKind::kFormat, "metadata " + key + ": the key is reserved for packed tensors");
    all[key] = text;
  }
  if (packed.empty()) return all;
  all[kPackedFormatKey] = kPackedFormat;
  all[kPackedKey] = json::serialize(packed);
  return all;
}

std::string header_text(std::span<const TensorSpec> tensors,
                        const std::map<std::string, std::string>& metadata) {
  json::object header;
  if (json::object all = metadata_of(tensors, metadata); !all.empty()) header[kMetadata] = std::move(all);
  uint64_t begin = 0;
  for (const TensorSpec& tensor : tensors) {
    const uint64_t end = checked_add(begin, byte_size(tensor));
    if (tensor.name == kMetadata || !header.emplace(tensor.name, entry_of(tensor, begin, end)).second) {
      throw Error(ErrorKind::kFormat,
                  tensor_label(tensor.name) + ": safetensors cannot hold this name twice");
    }
    begin = end;
  }
  return json::serialize(header);
}

// Names come from files that need not hold UTF-8; the JSON parser is strict about it.
void check_header(const std::string& text) {
  json::error_code error;
  json::parse(text, error);
  if (error) throw Error(ErrorKind::kFormat, "a tensor's name or metadata is not UTF-8: " + error.message());
  if (text.size() > kMaxHeaderBytes) {
    throw Error(ErrorKind::kFormat, "a header of " + std::to_string(text.size()) +
                                        " bytes, safetensors allows " + std::to_string(kMaxHeaderBytes));
  }
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& target, std::vector<TensorSpec> tensors,
                                     const std::map<std::string, std::string>& metadata,
                                     const StopPredicate& stop)
    : file_(target, {.stop = stop}), tensors_(std::move(tensors)) {
  std::ranges::stable_sort(tensors_, std::greater(), alignment_bits);
  std::string header = header_text(tensors_, metadata);
  check_header(header);
  uint64_t header_bytes = header.size();
  header_bytes += (kAlignment - (header_bytes + sizeof header_bytes) % kAlignment) % kAlignment;
  header.resize(header_bytes, ' ');
  file_.write(std::as_bytes(std::span(&header_bytes, 1)));
  file_.write(header);
  for (const TensorSpec& tensor : tensors_) missing_bytes_ += byte_size(tensor);
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  assert(bytes.size() <= missing_bytes_);
  missing_bytes_ -= bytes.size();
  file_.write(bytes);
}

void SafetensorsWriter::commit() {
  assert(missing_bytes_ == 0);
  file_.commit();
}

void write_safetensors(const std::filesystem::path& target, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<TensorSpec> specs;
  std::unordered_map<std::string_view, const TensorView*> by_name;
  for (const TensorView& tensor : tensors) {
    specs.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.layout});
    by_name[tensor.name] = &tensor;
  }
  SafetensorsWriter writer(target, std::move(specs), metadata);
  std::vector<std::byte> scratch;
  for (const TensorSpec& spec : writer.tensors()) {
    const TensorView& tensor = *by_name.at(spec.name);
    writer.write(is_laid_out(tensor) ? tensor.bytes : packed_bytes(tensor, scratch));
  }
  writer.commit();
}

}  // namespace rwkv
