// A line of JSON taken apart without making values of all of it: ids by the million, and what must be given
// back byte for byte.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// A member whose text is wanted as it stands in the line; nothing when the object has no such member.
struct RawMember {
  std::string_view key;
  std::optional<std::string_view> text{};
};

// The members of the object that is the line, without those of `raw`, whose text is kept, unchecked, instead.
// Of a key given twice the last counts. Error kUsage: not JSON, not an object.
boost::json::object parse_members(std::string_view line, std::span<RawMember> raw);

// The texts of an array's elements, each without white space around it. Error kUsage "not JSON: .." when the
// commas and brackets are not in order; the elements are not checked.
std::vector<std::string_view> json_elements(std::string_view array);

// The ids of an array, in memory for little more than these. Error kUsage as ids_field().
std::vector<TokenId> ids_of_json(std::string_view key, std::string_view array, size_t n_vocab);

// One value. Error kUsage "not JSON: ..".
boost::json::value parse_json(std::string_view text);
// One object. Error kUsage, also "not a JSON object".
boost::json::object parse_json_object(std::string_view text);

}  // namespace rwkv
