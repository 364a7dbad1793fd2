#include "formats/gguf_header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_set>

#include "core/byte_reader.h"
#include "core/checked_math.h"
#include "core/printable.h"
#include "tensor/tensor_view.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kMagic = "GGUF";
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint32_t kMaxDimensions = 4;  // ggml's
// The least size of an entry (length of a name, type, value), and of a tensor's description (length of a
// name, number of dimensions, type, offset).
constexpr uint64_t kMinEntryBytes = 8 + 4 + 1, kMinTensorBytes = 8 + 4 + 4 + 8;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }
[[noreturn]] void unsupported(const std::string& message) { throw Error(ErrorKind::kUnsupported, message); }

template <class Number>
std::string number_text(Number number) {
  std::array<char, 32> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

template <class Number>
Number number_at(const std::byte* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

template <class Number>
std::string text_of(const std::byte* bytes) {
  return number_text(number_at<Number>(bytes));
}
template <class Number>
int64_t integer_of(const std::byte* bytes) {
  return static_cast<int64_t>(number_at<Number>(bytes));
}

struct ValueType {
  std::string_view name;
  size_t bytes;                           // 0: no fixed size
  std::string (*text)(const std::byte*);  // null where bytes is 0
  int64_t (*integer)(const std::byte*);   // null if the value is not a whole number
};

// In the order of the enum.
constexpr std::array kValueTypes = {
    ValueType{"u8", 1, text_of<uint8_t>, integer_of<uint8_t>},
    ValueType{"i8", 1, text_of<int8_t>, integer_of<int8_t>},
    ValueType{"u16", 2, text_of<uint16_t>, integer_of<uint16_t>},
    ValueType{"i16", 2, text_of<int16_t>, integer_of<int16_t>},
    ValueType{"u32", 4, text_of<uint32_t>, integer_of<uint32_t>},
    ValueType{"i32", 4, text_of<int32_t>, integer_of<int32_t>},
    ValueType{"f32", 4, text_of<float>, nullptr},
    ValueType{"bool", 1,
              [](const std::byte* at) { return std::string(*at != std::byte{0} ? "true" : "false"); },
              nullptr},
    ValueType{"string", 0, nullptr, nullptr},
    ValueType{"array", 0, nullptr, nullptr},
    ValueType{"u64", 8, text_of<uint64_t>, nullptr},
    ValueType{"i64", 8, text_of<int64_t>, integer_of<int64_t>},
    ValueType{"f64", 8, text_of<double>, nullptr},
};

const ValueType& info_of(GgufValueType type) { return kValueTypes.at(static_cast<size_t>(type)); }

GgufValueType read_value_type(ByteReader& in) {
  const auto type = in.read<uint32_t>();
  if (type >= kValueTypes.size()) fail("a value of unknown type " + std::to_string(type));
  return static_cast<GgufValueType>(type);
}

std::string_view read_string(ByteReader& in) { return in.take_text(in.read<uint64_t>()); }

GgufValue read_value(ByteReader& in) {
  GgufValue value{read_value_type(in), false, 1, {}};
  if (value.type == GgufValueType::kArray) {
    value = {read_value_type(in), true, in.read<uint64_t>(), {}};
    if (value.type == GgufValueType::kArray) unsupported("an array of arrays");
  }
  const Bytes begin = in.rest();
  if (value.type == GgufValueType::kString) {
    for (uint64_t i = 0; i < value.count; ++i) read_string(in);
  } else {
    in.take(checked_mul(value.count, info_of(value.type).bytes));
  }
  value.bytes = begin.first(begin.size() - in.rest().size());
  return value;
}

uint64_t read_count(ByteReader& in, uint64_t min_bytes, std::string_view what) {
  const auto count = in.read<uint64_t>();
  if (count > in.rest().size() / min_bytes) {
    fail("names " + std::to_string(count) + " " + std::string(what) + ", but has only " +
         std::to_string(in.rest().size()) + " bytes more");
  }
  return count;
}

std::vector<GgufEntry> read_entries(ByteReader& in, uint64_t count) {
  std::vector<GgufEntry> entries;
  std::unordered_set<std::string_view> keys;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view key = read_string(in);
    with_context("metadata " + printable(key), [&] {
      if (!keys.insert(key).second) fail("is there twice");
      entries.push_back({key, read_value(in)});
    });
  }
  return entries;
}

uint64_t integer_or(const GgufHeader& header, std::string_view key, uint64_t otherwise) {
  const GgufValue* value = find_value(header, key);
  if (value == nullptr) return otherwise;
  if (value->is_array || info_of(value->type).integer == nullptr)
    fail("metadata " + std::string(key) + ": is " + to_text(*value) + ", want a whole number");
  return static_cast<uint64_t>(info_of(value->type).integer(value->bytes.data()));
}

void refuse_a_part(const GgufHeader& header) {
  const uint64_t count = integer_or(header, "split.count", 1);
  if (count <= 1) return;
  unsupported("part " + std::to_string(integer_or(header, "split.no", 0) + 1) + " of " +
              std::to_string(count) + " of a model: join them with llama-gguf-split --merge");
}

// The description of a tensor, before its bytes are known.
struct Description {
  GgmlTensor tensor;
  uint64_t begin, size;  // in the data
};

const GgmlType& read_ggml_type(ByteReader& in) {
  const auto id = in.read<uint32_t>();
  const GgmlType* type = find_ggml_type(id);
  if (type == nullptr) unsupported("elements of ggml's type " + std::to_string(id) + " are not supported");
  return *type;
}

Description read_description(ByteReader& in, std::string_view name) {
  const auto n_dimensions = in.read<uint32_t>();
  if (n_dimensions > kMaxDimensions) {
    fail(std::to_string(n_dimensions) + " dimensions, want at most " + std::to_string(kMaxDimensions));
  }
  Shape shape(n_dimensions);
  for (uint64_t& dimension : shape) dimension = in.read<uint64_t>();
  std::ranges::reverse(shape);
  const GgmlType& type = read_ggml_type(in);
  const uint64_t size = ggml_byte_size(type, shape);
  const auto begin = in.read<uint64_t>();
  return {{name, &type, std::move(shape), {}}, begin, size};
}

std::vector<Description> read_descriptions(ByteReader& in, uint64_t count) {
  std::vector<Description> descriptions;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view name = read_string(in);
    descriptions.push_back(with_context(tensor_label(name), [&] { return read_description(in, name); }));
  }
  return descriptions;
}

// Gives a tensor its bytes.
void place(Description& description, Bytes data, uint64_t alignment) {
  const uint64_t begin = description.begin, end = checked_add(begin, description.size);
  if (begin % alignment != 0)
    fail("begins at " + std::to_string(begin) + ", which is no multiple of " + std::to_string(alignment));
  if (end > data.size()) {
    fail("truncated: ends at " + std::to_string(end) + " of the data, which has " +
         std::to_string(data.size()) + " bytes");
  }
  description.tensor.bytes = data.subspan(begin, description.size);
}

// Tensors that share bytes would let a small file describe a large one.
void refuse_overlaps(std::span<const Description> descriptions) {
  std::vector<const Description*> by_place;
  for (const Description& description : descriptions) by_place.push_back(&description);
  std::ranges::sort(by_place, {},
                    [](const Description* d) { return std::pair(d->begin, d->begin + d->size); });
  for (size_t i = 1; i < by_place.size(); ++i) {
    const Description &before = *by_place[i - 1], &after = *by_place[i];
    if (after.begin < before.begin + before.size)
      fail(tensor_label(after.tensor.name) + ": overlaps with " + tensor_label(before.tensor.name));
  }
}

Bytes data_behind(const ByteReader& in, uint64_t alignment) {
  const uint64_t padding = (alignment - in.offset() % alignment) % alignment;
  return in.rest().subspan(std::min<uint64_t>(padding, in.rest().size()));
}

void check_version(uint32_t version) {
  if (version == 2 || version == 3) return;
  if (version != 0 && (version & 0xffff) == 0) unsupported("a big-endian GGUF, want a little-endian one");
  unsupported("GGUF version " + std::to_string(version) + ", want 2 or 3");
}

}  // namespace

bool looks_like_gguf(Bytes file) {
  return file.size() >= kMagic.size() && std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

GgufHeader read_gguf_header(Bytes file) {
  ByteReader in(file);
  in.take(kMagic.size());
  GgufHeader header{in.read<uint32_t>(), {}, {}};
  check_version(header.version);
  const auto n_tensors = read_count(in, kMinTensorBytes, "tensors");
  header.entries = read_entries(in, read_count(in, kMinEntryBytes, "metadata entries"));
  refuse_a_part(header);
  const uint64_t alignment = integer_or(header, "general.alignment", kDefaultAlignment);
  if (!std::has_single_bit(alignment))
    fail("metadata general.alignment: is " + std::to_string(alignment) + ", want a power of two");
  auto descriptions = read_descriptions(in, n_tensors);
  const Bytes data = data_behind(in, alignment);
  for (Description& d : descriptions)
    with_context(tensor_label(d.tensor.name), [&] { place(d, data, alignment); });
  refuse_overlaps(descriptions);
  for (Description& d : descriptions) header.tensors.push_back(std::move(d.tensor));
  return header;
}

const GgufValue* find_value(const GgufHeader& header, std::string_view key) {
  const auto found = std::ranges::find(header.entries, key, &GgufEntry::key);
  return found == header.entries.end() ? nullptr : &found->value;
}

std::string to_text(const GgufValue& value) {
  const ValueType& type = info_of(value.type);
  if (value.is_array) return "[" + std::to_string(value.count) + " " + std::string(type.name) + "]";
  if (value.type != GgufValueType::kString) return type.text(value.bytes.data());
  ByteReader in(value.bytes);
  return std::string(read_string(in));
}

std::vector<std::string_view> strings_of(const GgufValue& value) {
  if (!value.is_array || value.type != GgufValueType::kString)
    fail("is " + to_text(value) + ", want strings");
  std::vector<std::string_view> strings;
  strings.reserve(value.count);
  for (ByteReader in(value.bytes); !in.empty();) strings.push_back(read_string(in));
  return strings;
}

std::vector<int64_t> integers_of(const GgufValue& value) {
  const ValueType& type = info_of(value.type);
  if (!value.is_array || type.integer == nullptr) fail("is " + to_text(value) + ", want whole numbers");
  std::vector<int64_t> integers;
  integers.reserve(value.count);
  for (uint64_t i = 0; i < value.count; ++i)
    integers.push_back(type.integer(value.bytes.data() + i * type.bytes));
  return integers;
}

}  // namespace rwkv
