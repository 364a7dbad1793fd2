#include "formats/shard_index.h"

#include <boost/json.hpp>
#include <string_view>

#include "core/byte_order_mark.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr size_t kMaxIndexBytes = 1 << 26, kMaxDepth = 8;
constexpr std::string_view kMap = "weight_map";

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

std::string_view text_of(std::span<const std::byte> file) {
  return without_byte_order_mark({reinterpret_cast<const char*>(file.data()), file.size()});
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

}  // namespace

bool looks_like_shard_index(std::span<const std::byte> file) {
  if (file.size() > kMaxIndexBytes) return false;
  const std::string_view text = text_of(file);
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != text.npos && text[begin] == '{' && text.find("\"" + std::string(kMap) + "\"") != text.npos;
}

std::map<std::string, std::set<std::string>> parse_shard_index(std::span<const std::byte> file) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  const json::value root = json::parse(text_of(file), error, {}, options);
  if (error) fail("index is not JSON: " + error.message());
  const json::object* object = root.if_object();
  const json::value* map = object == nullptr ? nullptr : object->if_contains(kMap);
  if (map == nullptr || !map->is_object()) fail("index without a weight_map");
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [name, shard] : map->get_object()) {
    if (!shard.is_string() || !is_plain_name(std::string_view(shard.get_string())))
      fail("weight_map: " + printable(name) + ": want the name of a file in the same folder");
    shards[std::string(shard.get_string())].insert(std::string(name));
  }
  if (shards.empty()) fail("weight_map names no tensor");
  return shards;
}

}  // namespace rwkv
