// Forms that all JSON output shares.
#pragma once
#include <string>
#include <string_view>

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// The value on one line; numbers are plain and have all their digits: 1, 0.5, -2.520193163438586.
std::string json_text(const boost::json::value& value);

// The object's text with "id" in front, whose value is the JSON text `id` unchanged.
std::string json_text_with_id(std::string_view id, const boost::json::object& object);

// Adds bytes under `key`, or under `key`_base64 if they are not UTF-8.
void add_bytes(boost::json::object& object, std::string_view key, std::string_view bytes);

// Null for infinity and NaN, which JSON cannot express.
boost::json::value finite_or_null(double number);

}  // namespace rwkv
