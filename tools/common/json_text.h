// What our JSON says in the same way everywhere.
#pragma once
#include <string>
#include <string_view>

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// The value in a line, numbers plain and with all their digits: 1, 0.5, -2.520193163438586.
std::string json_text(const boost::json::value& value);

// The object's text with "id" in front, whose value is the JSON `id` as it stands.
std::string json_text_with_id(std::string_view id, const boost::json::object& object);

// Bytes under `key`; such as are not UTF-8 under `key`_base64 instead.
void add_bytes(boost::json::object& object, std::string_view key, std::string_view bytes);

// JSON knows neither infinity nor NaN: those become null.
boost::json::value finite_or_null(double number);

}  // namespace rwkv
