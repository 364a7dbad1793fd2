#include "common/json_fields.h"

#include <boost/json.hpp>

#include "common/json_text.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {

namespace json = boost::json;

void fail_field(std::string_view key, const json::value& found, const char* wanted) {
  throw Error(ErrorKind::kUsage,
              std::string(key) + " is " + printable(json_text(found)) + ", want " + wanted);
}

bool boolean_field(std::string_view key, const json::value& value) {
  if (!value.is_bool()) fail_field(key, value, "true or false");
  return value.get_bool();
}

std::string text_field(std::string_view key, const json::value& value) {
  if (!value.is_string()) fail_field(key, value, "a string");
  return {value.get_string().begin(), value.get_string().end()};
}

size_t index_field(std::string_view key, const json::value& value, const char* wanted) {
  json::error_code error;
  const auto index = value.is_number() ? value.to_number<size_t>(error) : 0;
  if (!value.is_number() || error) fail_field(key, value, wanted);
  return index;
}

TokenId id_field(std::string_view key, const json::value& value, size_t n_vocab) {
  const size_t id = index_field(key, value, "ids");
  if (id >= n_vocab) {
    throw Error(ErrorKind::kUsage, std::string(key) + ": id " + std::to_string(id) +
                                       ", but the vocabulary has " + std::to_string(n_vocab) + " ids");
  }
  return static_cast<TokenId>(id);
}

std::vector<TokenId> ids_field(std::string_view key, const json::value& value, size_t n_vocab) {
  if (!value.is_array()) fail_field(key, value, "an array of ids");
  std::vector<TokenId> ids;
  for (const auto& element : value.get_array()) ids.push_back(id_field(key, element, n_vocab));
  return ids;
}

}  // namespace rwkv
