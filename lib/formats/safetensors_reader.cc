#include "formats/safetensors_reader.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstring>
#include <unordered_map>

#include "core/byte_reader.h"
#include "core/checked_math.h"
#include "core/printable.h"
#include "formats/safetensors_writer.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr size_t kMaxDepth = 32;                   // of the header's JSON; the format itself needs 3

struct Entry {
  TensorView tensor;
  uint64_t begin, end;  // in the data
};

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

const json::value& member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) fail("no " + std::string(key));
  return *value;
}

// 1e3, 1.0 and -1 are not sizes.
uint64_t size_from(const json::value& value, std::string_view what) {
  if (value.is_uint64()) return value.get_uint64();
  if (!value.is_int64() || value.get_int64() < 0) fail(std::string(what) + " is not a whole number");
  return static_cast<uint64_t>(value.get_int64());
}

Shape sizes_from(const json::object& object, std::string_view key) {
  const json::value& list = member(object, key);
  if (!list.is_array()) fail(std::string(key) + " is not a list");
  Shape sizes;
  for (const json::value& value : list.get_array()) sizes.push_back(size_from(value, key));
  return sizes;
}

std::string_view text_from(const json::object& object, std::string_view key) {
  const json::value& value = member(object, key);
  if (!value.is_string()) fail(std::string(key) + " is not a string");
  return value.get_string();
}

DType dtype_from(const json::object& object) {
  const std::string_view name = text_from(object, "dtype");
  const DTypeInfo* info = find_dtype(&DTypeInfo::safetensors, name);
  if (info == nullptr)
    throw Error(ErrorKind::kUnsupported, "dtype '" + printable(name) + "' is not supported");
  return info->dtype;
}

Entry entry_from(std::string_view name, const json::value& value) {
  if (!value.is_object()) fail("is not an object");
  const json::object& object = value.get_object();
  const DType dtype = dtype_from(object);
  Shape shape = sizes_from(object, "shape");
  const Shape offsets = sizes_from(object, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("data_offsets are not a range");
  const uint64_t size = offsets[1] - offsets[0], wanted = checked_byte_size(dtype, shape);
  if (size != wanted) {
    fail("data_offsets span " + std::to_string(size) + " bytes, want " + std::to_string(wanted) +
         " for shape " + to_string(shape));
  }
  return {{std::string(name), dtype, std::move(shape), {}, {}}, offsets[0], offsets[1]};
}

std::map<std::string, std::string> metadata_from(const json::value& value) {
  std::map<std::string, std::string> metadata;
  if (value.is_null()) return metadata;
  if (!value.is_object()) fail("__metadata__ is not an object");
  for (const auto& [key, text] : value.get_object()) {
    if (!text.is_string()) fail("__metadata__: " + printable(key) + " is not a string");
    metadata[key] = std::string(text.get_string());
  }
  return metadata;
}

json::object parse_object(std::string_view text, const std::string& what) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::value root = json::parse(text, error, {}, options);
  if (error) fail(what + " is not JSON: " + error.message());
  if (!root.is_object()) fail(what + " is not a JSON object");
  return std::move(root.get_object());
}

// ---- packed matrices (safetensors_writer.h)

DType packed_dtype_from(const json::object& object) {
  const std::string_view name = text_from(object, "dtype");
  const DTypeInfo* info = find_dtype(name);
  if (info == nullptr || !info->has_products)
    fail("dtype '" + printable(name) + "' is not one of packed tensors");
  return info->dtype;
}

Layout layout_from(const json::object& object) {
  const std::string_view name = text_from(object, "layout");
  const auto layout = find_layout(name);
  if (!layout) fail("layout '" + printable(name) + "' is not known");
  return *layout;
}

// Turns the plain tensor into the matrix that it stores.
void lay_out(TensorView& tensor, const json::value& value) {
  if (!value.is_object()) fail("is not an object");
  const json::object& object = value.get_object();
  const DType dtype = packed_dtype_from(object);
  const Layout layout = layout_from(object);
  if (elements_of(dtype) != dtype && layout == Layout::kOutIn)
    fail("dtype '" + std::string(dtype_info(dtype).name) + "' by rows is not known");
  Shape shape = sizes_from(object, "shape");
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0)
    fail("shape " + to_string(shape) + ", want a matrix with elements");
  const PlainForm plain = plain_form(dtype, layout, shape[0], shape[1]);
  if (tensor.dtype != plain.dtype || tensor.shape != plain.shape) {
    fail("is stored as " + std::string(dtype_info(tensor.dtype).name) + to_string(tensor.shape) + ", want " +
         std::string(dtype_info(plain.dtype).name) + to_string(plain.shape) + " for shape " +
         to_string(shape));
  }
  tensor.dtype = dtype;
  tensor.layout = layout;
  tensor.shape = std::move(shape);
}

// Removes the description of packed tensors from the metadata.
json::object take_packed(std::map<std::string, std::string>& metadata) {
  const auto format = metadata.extract(kPackedFormatKey), packed = metadata.extract(kPackedKey);
  if (!format.empty() && format.mapped() != kPackedFormat) {
    throw Error(ErrorKind::kUnsupported, "packed tensors of format " + printable(format.mapped()) +
                                             ", want " + kPackedFormat + ": convert the checkpoint again");
  }
  if (packed.empty()) return {};
  if (format.empty()) fail("metadata " + std::string(kPackedKey) + " without " + kPackedFormatKey);
  return parse_object(packed.mapped(), "metadata " + std::string(kPackedKey));
}

void lay_out_packed(TensorList& list) {
  const json::object packed = take_packed(list.metadata);
  if (packed.empty()) return;
  std::unordered_map<std::string_view, TensorView*> tensors;
  for (TensorView& tensor : list.tensors) tensors[tensor.name] = &tensor;
  for (const auto& [name, value] : packed) {
    with_context(kPackedKey + (": " + tensor_label(name)), [&, &key = name, &v = value] {
      const auto found = tensors.find(key);
      if (found == tensors.end()) fail("is not there");
      lay_out(*found->second, v);
    });
  }
}

// Gives each tensor its bytes; no gap, no overlap, no bytes before the first or after the last.
void place(std::vector<Entry>& entries, std::span<const std::byte> data) {
  std::ranges::stable_sort(entries, {}, [](const Entry& e) { return std::pair(e.begin, e.end); });
  uint64_t expected = 0;
  for (Entry& entry : entries) {
    if (entry.begin != expected) {
      fail(tensor_label(entry.tensor.name) + ": begins at " + std::to_string(entry.begin) + ", want " +
           std::to_string(expected));
    }
    expected = entry.end;
  }
  if (expected > data.size()) {
    fail("truncated: the header says " + std::to_string(expected) + " bytes of data, the file has " +
         std::to_string(data.size()));
  }
  if (expected < data.size()) fail(std::to_string(data.size() - expected) + " bytes too many at the end");
  for (Entry& entry : entries) entry.tensor.bytes = data.subspan(entry.begin, entry.end - entry.begin);
}

}  // namespace

bool looks_like_safetensors(std::span<const std::byte> file) {
  uint64_t header_bytes;
  if (file.size() <= sizeof header_bytes) return false;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  const char first = static_cast<char>(file[sizeof header_bytes]);
  return header_bytes <= kMaxHeaderBytes && (first == '{' || first == ' ');
}

TensorList parse_safetensors(std::span<const std::byte> file) {
  ByteReader in(file);
  const auto header_bytes = in.read<uint64_t>();
  if (header_bytes > kMaxHeaderBytes) {
    fail("header of " + std::to_string(header_bytes) + " bytes, want at most " +
         std::to_string(kMaxHeaderBytes));
  }
  if (header_bytes > in.rest().size()) fail("truncated: the file ends inside its header");
  const json::object header = parse_object(in.take_text(header_bytes), "the header");

  TensorList list;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header) {
    if (name == "__metadata__") {
      list.metadata = metadata_from(value);
    } else {
      entries.push_back(
          with_context(tensor_label(name), [&, &key = name, &v = value] { return entry_from(key, v); }));
    }
  }
  place(entries, in.rest());
  for (Entry& entry : entries) list.tensors.push_back(std::move(entry.tensor));
  lay_out_packed(list);
  return list;
}

}  // namespace rwkv
