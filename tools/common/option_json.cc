#include "common/option_json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "common/json_fields.h"
#include "common/json_text.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;
using Any = OptionValue::Any;

// A value as our messages show it.
std::string found(const json::value& value) { return json_text(value); }

uint64_t whole_of(std::string_view key, const json::value& value, const OptionType& type) {
  const auto words = found(value);
  if (const auto* n = value.if_uint64()) return checked_whole(key, words, false, *n, type);
  if (const auto* n = value.if_int64()) {
    const auto magnitude = *n < 0 ? uint64_t{0} - static_cast<uint64_t>(*n) : static_cast<uint64_t>(*n);
    return checked_whole(key, words, *n < 0, magnitude, type);
  }
  // 5.0 and 1e3 are whole, too.
  if (const auto* n = value.if_double(); n != nullptr && *n == std::floor(*n) && std::abs(*n) < 0x1p53)
    return checked_whole(key, words, *n < 0, static_cast<uint64_t>(std::abs(*n)), type);
  fail_value(key, words, type);
}

double real_of(std::string_view key, const json::value& value, const OptionType& type) {
  if (!value.is_number()) fail_value(key, found(value), type);
  return checked_real(key, found(value), value.to_number<double>(), type);
}

bool switch_of(std::string_view key, const json::value& value, const OptionType& type) {
  if (!value.is_bool()) fail_value(key, found(value), type);
  return value.get_bool();
}

std::string text_of(std::string_view key, const json::value& value, const OptionType& type) {
  if (!value.is_string()) fail_value(key, found(value), type);
  return {value.get_string().begin(), value.get_string().end()};
}

std::vector<std::string> texts_of(std::string_view key, const json::value& value, const OptionType& type) {
  if (!value.is_array()) return {text_of(key, value, type)};
  std::vector<std::string> texts;
  for (const auto& element : value.get_array()) texts.push_back(text_of(key, element, type));
  return texts;
}

TokenId id_of(std::string_view key, const json::value& value, const OptionType& type) {
  json::error_code error;
  const auto id = value.is_number() ? value.to_number<TokenId>(error) : 0;
  if (!value.is_number() || error) fail_value(key, found(value), type);
  return id;
}

std::vector<TokenId> ids_of(std::string_view key, const json::value& value, const OptionType& type) {
  if (!value.is_array()) fail_field(key, value, "an array of ids");
  std::vector<TokenId> ids;
  for (const auto& element : value.get_array()) ids.push_back(id_of(key, element, type));
  return ids;
}

float bias_of(std::string_view key, const json::value& value) {
  if (value.is_string() && value.get_string() == "-inf") return -std::numeric_limits<float>::infinity();
  const double bias = value.is_number() ? value.to_number<double>() : std::numeric_limits<double>::infinity();
  if (std::abs(bias) > std::numeric_limits<float>::max()) fail_field(key, value, "a number or -inf");
  return static_cast<float>(bias);
}

// {"261": -1.5, "0": "-inf"}; JSON has no infinity of its own.
TokenBiases biases_of(std::string_view key, const json::value& value) {
  if (!value.is_object()) fail_field(key, value, "an object of ids and numbers");
  TokenBiases biases;
  for (const auto& [id_text, bias] : value.get_object()) {
    json::error_code error;
    const json::value id = json::parse(id_text, error);
    if (error || !id.is_number()) fail_field(key, id_text, "ids as names");
    biases.emplace_back(id_of(key, id, kIdsType), bias_of(key, bias));
  }
  return biases;
}

Any any_of(std::string_view key, const json::value& value, const OptionType& type) {
  switch (type.kind) {
    case OptionKind::kSwitch:
      return switch_of(key, value, type);
    case OptionKind::kWhole:
      return whole_of(key, value, type);
    case OptionKind::kReal:
      return real_of(key, value, type);
    case OptionKind::kText:
    case OptionKind::kFile:
      return text_of(key, value, type);
    case OptionKind::kName:
      return checked_name(key, text_of(key, value, type), type);
    case OptionKind::kTexts:
      return texts_of(key, value, type);
    case OptionKind::kIds:
      return ids_of(key, value, type);
    case OptionKind::kBiases:
      return biases_of(key, value);
    case OptionKind::kJson:
      return value.is_string() ? text_of(key, value, type) : json::serialize(value);
    case OptionKind::kWholes:
      break;
  }
  fail_value(key, found(value), type);
}

}  // namespace

std::optional<OptionValue> value_from_json(const OptionInfo& option, const json::object& object) {
  const json::value* value = option.key.empty() ? nullptr : object.if_contains(option.key);
  if (value == nullptr) return std::nullopt;
  return OptionValue(any_of(option.key, *value, option.type));
}

void refuse_unknown_keys(const json::object& object, std::span<const std::string> known) {
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::ranges::find(known, key) != known.end()) continue;
    throw Error(ErrorKind::kUsage, "unknown key '" + printable(key) + "'" + did_you_mean(key, known));
  }
}

}  // namespace rwkv
