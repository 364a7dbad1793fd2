#include "support/pickle_writer.h"

namespace rwkv {
namespace {

template <class Number>
std::string packed(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

PickleWriter::PickleWriter(int protocol) : protocol_(protocol) {
  bytes_ = {'\x80', static_cast<char>(protocol)};
  if (protocol >= 4) bytes_ += '\x95' + packed(uint64_t{0});
}

PickleWriter& PickleWriter::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

bool PickleWriter::recall(const std::string& what) {
  const auto found = memo_.find(what);
  if (found == memo_.end()) return false;
  bytes_ +=
      found->second < 256 ? 'h' + packed(static_cast<uint8_t>(found->second)) : 'j' + packed(found->second);
  return true;
}

void PickleWriter::remember(const std::string& what) {
  const auto key = static_cast<uint32_t>(memo_.size());
  memo_[what] = key;
  if (protocol_ >= 4) {
    bytes_ += '\x94';
  } else {
    bytes_ += key < 256 ? 'q' + packed(static_cast<uint8_t>(key)) : 'r' + packed(key);
  }
}

PickleWriter& PickleWriter::text(std::string_view text) {
  const std::string key = "text " + std::string(text);
  if (recall(key)) return *this;
  bytes_ += protocol_ >= 4 && text.size() < 256 ? '\x8c' + packed(static_cast<uint8_t>(text.size()))
                                                : 'X' + packed(static_cast<uint32_t>(text.size()));
  bytes_ += text;
  remember(key);
  return *this;
}

PickleWriter& PickleWriter::integer(int64_t number) {
  if (number >= 0 && number < 256) return raw('K' + packed(static_cast<uint8_t>(number)));
  if (number >= 0 && number < 65536) return raw('M' + packed(static_cast<uint16_t>(number)));
  if (number == static_cast<int32_t>(number)) return raw('J' + packed(static_cast<int32_t>(number)));
  return raw("\x8a\x08" + packed(number));
}

PickleWriter& PickleWriter::global(std::string_view module, std::string_view name) {
  const std::string key = "global " + std::string(module) + " " + std::string(name);
  if (recall(key)) return *this;
  if (protocol_ >= 4) {
    text(module).text(name).raw("\x93");
  } else {
    raw("c" + std::string(module) + "\n" + std::string(name) + "\n");
  }
  remember(key);
  return *this;
}

PickleWriter& PickleWriter::tuple(std::span<const uint64_t> numbers) {
  if (numbers.empty()) return raw(")");
  raw("(");
  for (const uint64_t number : numbers) integer(static_cast<int64_t>(number));
  return raw("t");
}

std::string PickleWriter::finish() { return bytes_ + '.'; }

}  // namespace rwkv
