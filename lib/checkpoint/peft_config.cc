#include "checkpoint/peft_config.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/byte_order_mark.h"
#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr auto kTypes = std::to_array<std::string_view>({"LORA", "MISS", "BONE"});

// Beginnings of `init_lora_weights` that took something out of the model's own weights.
constexpr auto kChangedBases = std::to_array<std::string_view>({"pissa", "olora", "corda", "loftq"});
constexpr auto kUnsupportedSwitches =
    std::to_array<std::string_view>({"use_dora", "fan_in_fan_out", "layer_replication", "use_qalora"});

[[noreturn]] void fail(std::string_view key, const std::string& what) {
  throw Error(ErrorKind::kFormat, std::string(key) + ": " + what);
}
[[noreturn]] void refuse(std::string_view key, std::string_view value) {
  throw Error(ErrorKind::kUnsupported, std::string(key) + " " + printable(value) + " is not supported");
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

bool is_set(const json::value* value) {
  return value != nullptr && !value->is_null() && (!value->is_bool() || value->get_bool());
}

double number_of(std::string_view key, const json::value& value) {
  json::error_code error;
  const auto number = value.to_number<double>(error);
  if (error) fail(key, "want a number");
  return number;
}

void check_type(const json::object& config) {
  const auto type = text_of(config, "peft_type");
  if (type.empty()) fail("peft_type", "is missing");
  if (std::ranges::find(kTypes, type) == kTypes.end()) refuse("peft_type", type);
}

void check_settings(const json::object& config) {
  for (const auto key : kUnsupportedSwitches) {
    if (is_set(config.if_contains(key))) refuse(key, "true");
  }
  const auto begin = text_of(config, "init_lora_weights");
  for (const auto changed : kChangedBases) {
    if (begin.starts_with(changed)) refuse("init_lora_weights", begin);
  }
}

// As PEFT asks for it (peft/utils/other.py, get_pattern_key).
Regex module_pattern(std::string_view pattern) {
  return with_context("alpha_pattern " + printable(pattern),
                      [&] { return Regex::of_pattern("\\A(?:.*\\.)?(?:" + std::string(pattern) + ")\\z"); });
}

}  // namespace

std::optional<double> PeftConfig::alpha_of(std::string_view module) const {
  if (!is_valid_utf8(module)) return alpha;
  RegexScratch scratch;
  for (const auto& [pattern, value] : alpha_pattern) {
    if (pattern.find(module, 0, scratch)) return value;
  }
  return alpha;
}

PeftConfig parse_peft_config(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(without_byte_order_mark(text), error);
  if (error || !value.is_object()) throw Error(ErrorKind::kFormat, "not a JSON object");
  const json::object& config = value.get_object();
  check_type(config);
  check_settings(config);
  PeftConfig result;
  if (const auto* alpha = config.if_contains("lora_alpha"); is_set(alpha))
    result.alpha = number_of("lora_alpha", *alpha);
  if (const auto* patterns = config.if_contains("alpha_pattern"); patterns && patterns->is_object()) {
    for (const auto& [pattern, alpha] : patterns->get_object())
      result.alpha_pattern.emplace_back(module_pattern(pattern), number_of("alpha_pattern", alpha));
  }
  result.rank_stabilised = is_set(config.if_contains("use_rslora"));
  result.mini = text_of(config, "init_weights") == "mini";
  return result;
}

}  // namespace rwkv
