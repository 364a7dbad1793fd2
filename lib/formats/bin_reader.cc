#include "formats/bin_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/byte_reader.h"
#include "formats/ggml_tensor.h"

namespace rwkv {
namespace {

constexpr uint32_t kMagic = 0x67676d66;  // "ggmf"
// Of quantised data, version 100 had other blocks, which nothing reads any more.
constexpr uint32_t kFirstVersion = 100, kVersionOfBlocks = 101;
constexpr uint32_t kMaxDimensions = 3;

// How rwkv.cpp numbers the types.
struct TypeNumber {
  uint32_t number;
  std::string_view name;  // as ggml calls it
};
constexpr auto kTypeNumbers = std::to_array<TypeNumber>(
    {{0, "F32"}, {1, "F16"}, {2, "Q4_0"}, {3, "Q4_1"}, {7, "Q5_0"}, {8, "Q5_1"}, {9, "Q8_0"}});

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }
[[noreturn]] void unsupported(const std::string& message) { throw Error(ErrorKind::kUnsupported, message); }

struct Header {
  uint32_t magic, version, n_vocab, n_embed, n_layer, type;
};

Header read_header(ByteReader& in) {
  const auto header = in.read<Header>();
  if (header.version != kFirstVersion && header.version != kVersionOfBlocks)
    unsupported("file version " + std::to_string(header.version) + ", want 100 or 101");
  return header;
}

const GgmlType& type_from(uint32_t number, uint32_t version) {
  const auto found = std::ranges::find(kTypeNumbers, number, &TypeNumber::number);
  if (found == kTypeNumbers.end())
    unsupported("elements of type " + std::to_string(number) + " are not supported");
  const GgmlType& type = *find_ggml_type(found->name);
  if (type.decode != nullptr && version < kVersionOfBlocks) {
    unsupported(std::string(type.name) + " of file version " + std::to_string(version) +
                ", whose blocks are no longer known: quantise the FP16 file again");
  }
  return type;
}

GgmlTensor read_tensor(ByteReader& in, uint32_t version) {
  const auto n_dimensions = in.read<uint32_t>(), name_bytes = in.read<uint32_t>(),
             number = in.read<uint32_t>();
  if (n_dimensions > kMaxDimensions) {
    fail("a tensor of " + std::to_string(n_dimensions) + " dimensions at offset " +
         std::to_string(in.offset()) + ", want at most " + std::to_string(kMaxDimensions));
  }
  Shape shape(n_dimensions);
  for (uint64_t& dimension : shape) dimension = in.read<uint32_t>();
  std::ranges::reverse(shape);
  const std::string_view name = in.take_text(name_bytes);
  return with_context(tensor_label(name), [&]() -> GgmlTensor {
    const GgmlType& type = type_from(number, version);
    return {name, &type, shape, in.take(ggml_byte_size(type, shape))};
  });
}

TensorList read_list(ByteReader& in) {
  const Header header = read_header(in);
  TensorList list;
  list.metadata = {{"rwkv.cpp.version", std::to_string(header.version)},
                   {"rwkv.cpp.n_vocab", std::to_string(header.n_vocab)},
                   {"rwkv.cpp.n_embed", std::to_string(header.n_embed)},
                   {"rwkv.cpp.n_layer", std::to_string(header.n_layer)},
                   {"rwkv.cpp.type", std::to_string(header.type)}};
  while (!in.empty()) list.tensors.push_back(view_of(read_tensor(in, header.version)));
  return list;
}

}  // namespace

bool looks_like_bin(std::span<const std::byte> file) {
  uint32_t magic;
  if (file.size() < sizeof magic) return false;
  std::memcpy(&magic, file.data(), sizeof magic);
  return magic == kMagic;
}

TensorList parse_bin(std::span<const std::byte> file) {
  return with_context("rwkv.cpp .bin", [&] {
    ByteReader in(file);
    return read_list(in);
  });
}

}  // namespace rwkv
