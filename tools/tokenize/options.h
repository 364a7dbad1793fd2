// The options of rwkv-tokenize.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/common_options.h"

namespace rwkv {

enum class Utf8Mode : uint8_t { kDefault, kHold, kReplace, kStrict };

struct TokenizeOptions : CommonOptions {
  std::string chat_template;  // empty: none
  Utf8Mode utf8 = Utf8Mode::kDefault;
  IdFormat ids = IdFormat::kText;
  bool decode = false, lines = false, null = false, chomp = false, pieces = false, count = false;
  std::vector<std::string> files;
  bool names_files = false;  // the user named files; otherwise "-" is read
  size_t threads = 1;

  bool has_records() const { return lines || null; }
  char separator() const { return null ? '\0' : '\n'; }
  Records records() const { return has_records() ? Records::kMany : Records::kOne; }
};

// Nothing when --help or the like was answered. Error kUsage.
std::optional<TokenizeOptions> parse_tokenize_options(int argc, const char* const* argv);

}  // namespace rwkv
