// Reads a line of JSON without making values of all of it: millions of ids, and members that must be returned
// byte for byte.
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

// A member whose text is kept as it is in the line; nothing when the object does not have it.
struct RawMember {
  std::string_view key;
  std::optional<std::string_view> text{};
};

// The members of the line's object, except those of `raw`, whose text is kept unchecked. Of a repeated key
// the last counts. Error kUsage: not JSON, not an object.
boost::json::object parse_members(std::string_view line, std::span<RawMember> raw);

// The texts of an array's elements, without white space around them. Error kUsage "not JSON: .." when commas
// or brackets are misplaced; the elements are not checked.
std::vector<std::string_view> json_elements(std::string_view array);

// The ids of an array; memory is little more than the ids. Error kUsage as id_field().
std::vector<TokenId> ids_of_json(std::string_view key, std::string_view array, size_t n_vocab);

// One value. Error kUsage "not JSON: ..".
boost::json::value parse_json(std::string_view text);
// One object. Error kUsage, also "not a JSON object".
boost::json::object parse_json_object(std::string_view text);

}  // namespace rwkv
