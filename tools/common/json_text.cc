#include "common/json_text.h"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <string>

#include "text/utf8.h"

namespace rwkv {
namespace {

// RFC 4648, section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t b = 0; b < 3; ++b)
      bits = bits << 8 | (b < group.size() ? static_cast<unsigned char>(group[b]) : 0U);
    for (size_t digit = 0; digit < 4; ++digit) {
      text += digit <= group.size() ? kDigits[bits >> (18 - 6 * digit) & 63] : '=';
    }
  }
  return text;
}

void append_double(double number, std::string& text) {
  char digits[400];
  const double size = std::abs(number);
  const bool is_plain = size == 0 || (size >= 1e-7 && size < 1e21);
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number, format).ptr);
}

void append(const boost::json::value& value, std::string& text) {
  if (const auto* array = value.if_array()) {
    text += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) text += ',';
      append((*array)[i], text);
    }
    text += ']';
  } else if (const auto* object = value.if_object()) {
    text += '{';
    for (const auto& member : *object) {
      if (text.back() != '{') text += ',';
      text += boost::json::serialize(member.key()) + ':';
      append(member.value(), text);
    }
    text += '}';
  } else if (const auto* number = value.if_double()) {
    append_double(*number, text);
  } else {
    text += boost::json::serialize(value);
  }
}

}  // namespace

std::string json_text(const boost::json::value& value) {
  std::string text;
  append(value, text);
  return text;
}

std::string json_text_with_id(std::string_view id, const boost::json::object& object) {
  std::string text = "{\"id\":" + std::string(id);
  if (!object.empty()) text += ',';
  return text += json_text(object).substr(1);
}

void add_bytes(boost::json::object& object, std::string_view key, std::string_view bytes) {
  if (is_valid_utf8(bytes)) {
    object[key] = std::string(bytes);
  } else {
    object[std::string(key) + "_base64"] = base64(bytes);
  }
}

boost::json::value finite_or_null(double number) {
  if (!std::isfinite(number)) return nullptr;
  return number;
}

}  // namespace rwkv
