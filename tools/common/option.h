// An option of a tool: one row, from which the command line, JSON requests, --help, the manual and the
// shells' completions are made.
#pragma once
#include <cfloat>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/token.h"

namespace rwkv {

enum class OptionKind : uint8_t {
  kSwitch,  // present or absent on a command line, true or false in JSON
  kWhole,   // a whole number
  kReal,    // a finite number
  kText,
  kFile,    // a file's name
  kName,    // one of several names
  kWholes,  // whole numbers separated by commas
  kTexts,   // repeatable; in JSON a text or an array of texts
  kIds,     // repeatable; in JSON an array of ids
  kBiases,  // repeatable ID:X; in JSON an object {"ID": X}
  kJson,    // a text; in JSON also any value but a string, as its text
};

// The values that an option takes.
struct OptionType {
  OptionKind kind = OptionKind::kSwitch;
  uint64_t least = 0, most = UINT64_MAX;              // kWhole, kWholes
  double least_real = -DBL_MAX, most_real = DBL_MAX;  // kReal
  const char* unlimited = nullptr;                    // kWhole: the meaning of -1, which becomes `most`
  std::vector<std::string> (*names)() = nullptr;      // kName
};

inline constexpr OptionType kSwitchType{};
inline constexpr OptionType kTextType{.kind = OptionKind::kText};
inline constexpr OptionType kFileType{.kind = OptionKind::kFile};
inline constexpr OptionType kTextsType{.kind = OptionKind::kTexts};
inline constexpr OptionType kIdsType{.kind = OptionKind::kIds};
inline constexpr OptionType kBiasesType{.kind = OptionKind::kBiases};
inline constexpr OptionType kJsonType{.kind = OptionKind::kJson};
constexpr OptionType whole(uint64_t least, uint64_t most = UINT64_MAX) {
  return {.kind = OptionKind::kWhole, .least = least, .most = most};
}
// 0 or more, or -1, which becomes UINT64_MAX and means `unlimited`.
constexpr OptionType whole_or_unlimited(const char* unlimited) {
  return {.kind = OptionKind::kWhole, .unlimited = unlimited};
}
constexpr OptionType wholes(uint64_t least, uint64_t most) {
  return {.kind = OptionKind::kWholes, .least = least, .most = most};
}
constexpr OptionType real(double least = -DBL_MAX, double most = DBL_MAX) {
  return {.kind = OptionKind::kReal, .least_real = least, .most_real = most};
}
constexpr OptionType name_of(std::vector<std::string> (*names)()) {
  return {.kind = OptionKind::kName, .names = names};
}

using TokenBiases = std::vector<std::pair<TokenId, float>>;

// A value of the option's type.
class OptionValue {
 public:
  using Any = std::variant<bool, uint64_t, double, std::string, std::vector<uint64_t>,
                           std::vector<std::string>, std::vector<TokenId>, TokenBiases>;
  OptionValue(Any value)
      : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): it is that value

  bool on() const { return std::get<bool>(value_); }
  uint64_t whole() const { return std::get<uint64_t>(value_); }
  double real() const { return std::get<double>(value_); }
  const std::string& text() const { return std::get<std::string>(value_); }  // kText, kFile, kName, kJson
  const std::vector<uint64_t>& wholes() const { return std::get<std::vector<uint64_t>>(value_); }
  const std::vector<std::string>& texts() const { return std::get<std::vector<std::string>>(value_); }
  const std::vector<TokenId>& ids() const { return std::get<std::vector<TokenId>>(value_); }
  const TokenBiases& biases() const { return std::get<TokenBiases>(value_); }

 private:
  Any value_;
};

// An option without its setter.
struct OptionInfo {
  std::string_view flag{};   // long name on the command line; empty: none
  char letter = 0;           // short name on the command line; 0: none
  std::string_view key{};    // name in JSON requests; empty: none
  std::string_view value{};  // name of the value in --help; empty for a switch
  OptionType type{};
  std::string_view group{};  // heading in --help; groups are in the order of their first rows
  std::string_view help{};   // one line of at most 58 characters
  std::string_view more{};   // further sentences for the manual
  bool prominent = false;    // has a line in --help; other options are listed by name
};

// A row of the table of options of a `Target`. Setters are called in the order of rows, whatever the order of
// the user's options, so that a later row can override an earlier one.
template <class Target>
struct Option {
  OptionInfo info;
  void (*set)(Target&, const OptionValue&);
};

// "an id", "a number from 0 to 1", "map or copy".
std::string wanted_words(const OptionType& type);

// The value of an option from the command line: `texts` of all its occurrences, of which the last wins unless
// the option is repeatable. `name` is the user's spelling. Error kUsage "NAME is FOUND, want ...", in the
// same words as for JSON.
OptionValue value_from_texts(const OptionInfo& option, std::string_view name,
                             std::span<const std::string> texts);

// Error kUsage.
[[noreturn]] void fail_value(std::string_view name, std::string_view found, const OptionType& type);
// The value of kind kWhole or kReal after a check of its bounds; `found` is for the message.
double checked_real(std::string_view name, std::string_view found, double value, const OptionType& type);
uint64_t checked_whole(std::string_view name, std::string_view found, bool is_negative, uint64_t magnitude,
                       const OptionType& type);
std::string checked_name(std::string_view name, const std::string& value, const OptionType& type);
// ", did you mean WORD?" if one of `words` is near to `given`; else nothing.
std::string did_you_mean(std::string_view given, std::span<const std::string> words);

}  // namespace rwkv
