// Options in JSON requests.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/option.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// The option's value in the object, checked; nothing when the object does not have the key. Error kUsage as
// value_from_texts(), with the key as name.
std::optional<OptionValue> value_from_json(const OptionInfo& option, const boost::json::object& object);

// Sets in `target` the object's values, in the order of the rows. Ignores keys without a row.
template <class Target>
void set_from_json(std::span<const Option<Target>> rows, const boost::json::object& object,
                   std::type_identity_t<Target>& target) {
  for (const auto& row : rows) {
    if (const auto value = value_from_json(row.info, object)) row.set(target, *value);
  }
}

// Appends the rows' keys to the keys that an object may have.
template <class Target>
void append_keys(std::span<const Option<Target>> rows, std::vector<std::string>& keys) {
  for (const auto& row : rows) {
    if (!row.info.key.empty()) keys.emplace_back(row.info.key);
  }
}

// Error kUsage for the first key of the object that is not in `known`; the message names the nearest key.
void refuse_unknown_keys(const boost::json::object& object, std::span<const std::string> known);

}  // namespace rwkv
