// GGUF files, written down piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

// The little-endian bytes of a number.
template <class Number>
std::string bytes_in_file(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct GgufBuilder {
  uint32_t version = 3;
  uint64_t alignment = 32;  // what is written, whatever the metadata says
  std::string entries, tensors, data;
  uint64_t n_entries = 0, n_tensors = 0;

  static std::string text(std::string_view text) {
    return bytes_in_file<uint64_t>(text.size()) + std::string(text);
  }
  // `value` as it stands in the file.
  void add_entry(std::string_view key, uint32_t type, const std::string& value) {
    entries += text(key) + bytes_in_file(type) + value;
    ++n_entries;
  }
  void add_string(std::string_view key, std::string_view value) { add_entry(key, 8, text(value)); }
  void add_u32(std::string_view key, uint32_t value) { add_entry(key, 4, bytes_in_file(value)); }
  void add_strings(std::string_view key, std::initializer_list<std::string_view> values) {
    std::string all = bytes_in_file<uint32_t>(8) + bytes_in_file<uint64_t>(values.size());
    for (const auto value : values) all += text(value);
    add_entry(key, 9, all);
  }
  // Dimensions fastest first, as the file has them.
  void describe(std::string_view name, std::initializer_list<uint64_t> dimensions, uint32_t type,
                uint64_t offset) {
    tensors += text(name) + bytes_in_file(static_cast<uint32_t>(dimensions.size()));
    for (const uint64_t dimension : dimensions) tensors += bytes_in_file(dimension);
    tensors += bytes_in_file(type) + bytes_in_file(offset);
    ++n_tensors;
  }
  void add_tensor(std::string_view name, std::initializer_list<uint64_t> dimensions, uint32_t type,
                  const std::string& bytes) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    describe(name, dimensions, type, data.size());
    data += bytes;
  }
  std::string file() const {
    std::string all = "GGUF" + bytes_in_file(version) + bytes_in_file(n_tensors) + bytes_in_file(n_entries) +
                      entries + tensors;
    all.resize((all.size() + alignment - 1) / alignment * alignment);
    return all + data;
  }
};

}  // namespace rwkv
