#include "common/option.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

std::string number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// "0 to 1", "at least 0", or nothing where all is taken.
template <class Number, class ToText>
std::string range_words(Number least, Number most, Number lowest, Number highest, ToText to_text) {
  if (most != highest) return " from " + to_text(least) + " to " + to_text(most);
  return least != lowest ? ", at least " + to_text(least) : "";
}

std::string whole_words(const OptionType& type) {
  return range_words<uint64_t>(type.least, type.most, UINT64_MAX, UINT64_MAX,
                               [](uint64_t n) { return std::to_string(n); });
}

std::string either(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 < names.size() ? ", " : " or ";
    text += names[i];
  }
  return text;
}

// The whole of `text` as a number.
template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end && !text.empty() ? std::optional(number) : std::nullopt;
}

std::string quoted(std::string_view text) { return "'" + printable(text) + "'"; }

std::string_view without_plus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

uint64_t whole_from(std::string_view name, std::string_view text, const OptionType& type) {
  const bool is_negative = text.starts_with('-');
  const auto magnitude = number_from<uint64_t>(text.substr(is_negative ? 1 : 0));
  if (!magnitude) fail_value(name, quoted(text), type);
  return checked_whole(name, text, is_negative, *magnitude, type);
}

double real_from(std::string_view name, std::string_view text, const OptionType& type) {
  const auto number = number_from<double>(without_plus(text));
  if (!number) fail_value(name, quoted(text), type);
  return checked_real(name, text, *number, type);
}

std::vector<uint64_t> wholes_from(std::string_view name, std::string_view text, const OptionType& type) {
  std::vector<uint64_t> numbers;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const auto number = number_from<uint64_t>(text.substr(begin, end - begin));
    if (!number || *number < type.least || *number > type.most) fail_value(name, quoted(text), type);
    numbers.push_back(*number);
    begin = end + 1;
  }
  return numbers;
}

TokenId id_from(std::string_view name, std::string_view text, const OptionType& type) {
  const auto id = number_from<TokenId>(text);
  if (!id) fail_value(name, quoted(text), type);
  return *id;
}

std::pair<TokenId, float> bias_from(std::string_view name, std::string_view text, const OptionType& type) {
  const size_t colon = std::min(text.find(':'), text.size());
  const auto id = number_from<TokenId>(text.substr(0, colon));
  const auto bias = number_from<float>(without_plus(text.substr(std::min(colon + 1, text.size()))));
  if (!id || !bias || std::isnan(*bias) || *bias > std::numeric_limits<float>::max()) {
    fail_value(name, quoted(text), type);
  }
  return {*id, *bias};
}

template <class Convert>
auto each(std::span<const std::string> texts, Convert convert) {
  std::vector<decltype(convert(texts[0]))> values;
  for (const auto& text : texts) values.push_back(convert(text));
  return values;
}

// How many letters must be changed, put in, left out or swapped with their neighbours.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// Small for a slip of the finger, and where one word begins or ends like the other (temperature, max_tokens).
std::optional<size_t> distance(std::string_view given, std::string_view word) {
  const auto [shorter, longer] = given.size() < word.size() ? std::pair(given, word) : std::pair(word, given);
  if (shorter.size() >= 3 && (longer.starts_with(shorter) || longer.ends_with(shorter))) return 2;
  const size_t edits = edit_distance(given, word);
  return edits <= 1 + shorter.size() / 4 && edits < shorter.size() ? std::optional(edits) : std::nullopt;
}

}  // namespace

std::string wanted_words(const OptionType& type) {
  switch (type.kind) {
    case OptionKind::kSwitch:
      return "true or false";
    case OptionKind::kWhole:
      if (type.unlimited != nullptr) return std::string("a whole number, or -1 for ") + type.unlimited;
      return "a whole number" + whole_words(type);
    case OptionKind::kReal:
      return "a number" + range_words(type.least_real, type.most_real, -DBL_MAX, DBL_MAX, number_text);
    case OptionKind::kText:
    case OptionKind::kFile:
      return "a string";
    case OptionKind::kName:
      return either(type.names());
    case OptionKind::kWholes:
      return "whole numbers" + whole_words(type) + " with commas between";
    case OptionKind::kTexts:
      return "a string or an array of strings";
    case OptionKind::kIds:
      return "an id";
    case OptionKind::kBiases:
      return "ID:X, an id and a number or -inf";
    case OptionKind::kJson:
      return "JSON";
  }
  return {};
}

void fail_value(std::string_view name, std::string_view found, const OptionType& type) {
  throw Error(ErrorKind::kUsage,
              std::string(name) + " is " + printable(found) + ", want " + wanted_words(type));
}

double checked_real(std::string_view name, std::string_view found, double value, const OptionType& type) {
  if (!(value >= type.least_real && value <= type.most_real)) fail_value(name, found, type);
  return value;
}

uint64_t checked_whole(std::string_view name, std::string_view found, bool is_negative, uint64_t magnitude,
                       const OptionType& type) {
  if (is_negative && magnitude == 1 && type.unlimited != nullptr) return type.most;
  if ((is_negative && magnitude > 0) || magnitude < type.least || magnitude > type.most)
    fail_value(name, found, type);
  return magnitude;
}

std::string checked_name(std::string_view name, const std::string& value, const OptionType& type) {
  const auto names = type.names();
  if (std::ranges::find(names, value) != names.end()) return value;
  throw Error(ErrorKind::kUsage, std::string(name) + " is " + quoted(value) + ", want " + wanted_words(type) +
                                     did_you_mean(value, names));
}

OptionValue value_from_texts(const OptionInfo& option, std::string_view name,
                             std::span<const std::string> texts) {
  using Any = OptionValue::Any;
  const OptionType& type = option.type;
  const std::string& last = texts.back();
  switch (type.kind) {
    case OptionKind::kSwitch:
      return Any(true);
    case OptionKind::kWhole:
      return Any(whole_from(name, last, type));
    case OptionKind::kReal:
      return Any(real_from(name, last, type));
    case OptionKind::kText:
    case OptionKind::kFile:
    case OptionKind::kJson:
      return Any(last);
    case OptionKind::kName:
      return Any(checked_name(name, last, type));
    case OptionKind::kWholes:
      return Any(wholes_from(name, last, type));
    case OptionKind::kTexts:
      return Any(std::vector<std::string>(texts.begin(), texts.end()));
    case OptionKind::kIds:
      return Any(each(texts, [&](const auto& text) { return id_from(name, text, type); }));
    case OptionKind::kBiases:
      return Any(each(texts, [&](const auto& text) { return bias_from(name, text, type); }));
  }
  return Any(false);
}

std::string did_you_mean(std::string_view given, std::span<const std::string> words) {
  const std::string* nearest = nullptr;
  size_t least = SIZE_MAX;
  for (const auto& word : words) {
    const auto edits = distance(given, word);
    if (edits && *edits < least) nearest = &word, least = *edits;
  }
  return nearest == nullptr ? "" : ", did you mean " + *nearest + "?";
}

}  // namespace rwkv
