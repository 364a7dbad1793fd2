// Writes pickles, opcode by opcode.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace rwkv {

// Remembers texts and globals in the memo, as Python does.
class PickleWriter {
 public:
  explicit PickleWriter(int protocol = 2);

  PickleWriter& raw(std::string_view bytes);  // opcodes without or with their arguments
  PickleWriter& text(std::string_view text);
  PickleWriter& integer(int64_t number);
  PickleWriter& global(std::string_view module, std::string_view name);
  PickleWriter& tuple(std::span<const uint64_t> numbers);
  std::string finish();  // STOP, and what has been written

 private:
  bool recall(const std::string& what);
  void remember(const std::string& what);

  int protocol_;
  std::string bytes_;
  std::map<std::string, uint32_t> memo_;
};

}  // namespace rwkv
