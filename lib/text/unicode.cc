#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "text/utf8.h"

namespace rwkv {
namespace {

bool is_wide_space(char32_t code) {
  return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

int combining_class(utf8proc_int32_t code) { return utf8proc_get_property(code)->combining_class; }

// Decomposes one stretch of text, orders its marks, composes it again.
class Normalizer {
 public:
  // Decomposed by canonical equivalence, or also by compatibility.
  explicit Normalizer(bool compatible = false)
      : options_(compatible ? UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT : UTF8PROC_DECOMPOSE) {}

  void append_normalized(std::string_view text, std::string& out) {
    while (!text.empty()) {
      const Utf8Step step = utf8_step(text);
      // utf8proc 2.8 drops U+11A7 behind a Hangul syllable. It combines with nothing before it.
      if (step.code == 0x11a7) compose(out);
      add_decomposed(static_cast<utf8proc_int32_t>(step.code));
      text.remove_prefix(step.bytes);
    }
    compose(out);
  }

 private:
  void add_decomposed(utf8proc_int32_t code) {
    constexpr utf8proc_ssize_t kLongest = 18;  // of the decompositions: that of U+FDFA
    utf8proc_int32_t parts[kLongest];
    int boundary = 0;
    const auto n =
        utf8proc_decompose_char(code, parts, kLongest, static_cast<utf8proc_option_t>(options_), &boundary);
    codes_.insert(codes_.end(), parts, parts + n);
  }

  // utf8proc's own ordering takes quadratic time.
  void order_marks() {
    for (auto at = codes_.begin(); at != codes_.end();) {
      const auto first = std::find_if(at, codes_.end(), [](auto code) { return combining_class(code) != 0; });
      at = std::find_if(first, codes_.end(), [](auto code) { return combining_class(code) == 0; });
      std::stable_sort(first, at, [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    }
  }

  void compose(std::string& out) {
    order_marks();
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    const auto n =
        utf8proc_normalize_utf32(codes_.data(), static_cast<utf8proc_ssize_t>(codes_.size()), options);
    for (utf8proc_ssize_t i = 0; i < n; ++i) append_utf8(static_cast<char32_t>(codes_[i]), out);
    codes_.clear();
  }

  int options_;
  std::vector<utf8proc_int32_t> codes_;
};

CharClass find_class(char32_t code) {
  if (is_wide_space(code)) return CharClass::kSpace;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) return CharClass::kLetter;
  if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return CharClass::kNumber;
  return CharClass::kOther;
}

bool is_its_own_nfc(char32_t code) {
  std::string text, normal;
  append_utf8(code, text);
  Normalizer().append_normalized(text, normal);
  return normal == text;
}

// Neither changes in normal form C by itself nor combines with what stands before it. Among the letters that
// combine so are only Hangul's, and since Unicode 16 some of scripts between U+10000 and U+1F000, where there
// is little to gain.
bool is_inert(char32_t code) {
  if (code >= 0x1100 && code < 0x1200) return false;
  if (code >= 0x10000 && code < 0x1f000) return false;
  if (code >= 0xac00 && code < 0xd7a4) return true;  // syllables are composed already
  const auto* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
  const auto category = property->category;
  const bool is_mark = category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
  if (is_mark || category == UTF8PROC_CATEGORY_CN || property->combining_class != 0) return false;
  return property->decomp_seqindex == std::numeric_limits<utf8proc_uint16_t>::max() || is_its_own_nfc(code);
}

// Of the characters below U+10000, a byte each: the class, and kInert.
constexpr uint8_t kClassMask = 3, kInert = 4;
using TraitTable = std::array<uint8_t, 0x10000>;

const TraitTable& traits() {
  static const TraitTable table = [] {
    TraitTable result{};
    for (char32_t code = 0x80; code < result.size(); ++code) {
      result[code] =
          static_cast<uint8_t>(static_cast<uint8_t>(find_class(code)) | (is_inert(code) ? kInert : 0));
    }
    return result;
  }();
  return table;
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

CharClass wide_char_class(char32_t code) {
  return code < 0x10000 ? static_cast<CharClass>(traits()[code] & kClassMask) : find_class(code);
}

bool is_plainly_nfc(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (is_ascii(text[at])) {
      at += ascii_bytes(text.substr(at));
      continue;
    }
    const Utf8Step step = valid_utf8_step(text.substr(at));
    const bool inert = step.code < 0x10000 ? (traits()[step.code] & kInert) != 0 : is_inert(step.code);
    if (!inert) return false;
    at += step.bytes;
  }
  return true;
}

bool is_visible(char32_t code) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return code == ' ' || (category != UTF8PROC_CATEGORY_CN && category < UTF8PROC_CATEGORY_ZS);
}

bool is_plainly_normal(std::string_view text, Normalization form) {
  if (form == Normalization::kNone) return true;
  return form == Normalization::kNfc ? is_plainly_nfc(text) : ascii_bytes(text) == text.size();
}

// ASCII characters stay as they are and combine with nothing before them: only a stretch without ASCII, with
// the character before it, has to be looked at.
namespace {

std::string normalize_stretches(std::string_view text, Normalization form) {
  std::string result;
  result.reserve(text.size());
  Normalizer normalizer(form == Normalization::kNfkc);
  while (!text.empty()) {
    const size_t wide = ascii_bytes(text);
    const size_t begin = wide == text.size() ? wide : wide - (wide > 0 ? 1 : 0);
    const size_t end = static_cast<size_t>(
        std::find_if(text.begin() + static_cast<ptrdiff_t>(wide), text.end(), is_ascii) - text.begin());
    result += text.substr(0, begin);
    const auto stretch = text.substr(begin, end - begin);
    if (is_plainly_normal(stretch, form)) {
      result += stretch;
    } else {
      normalizer.append_normalized(stretch, result);
    }
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace

std::string nfc(std::string_view text) { return normalize_stretches(text, Normalization::kNfc); }
std::string nfkc(std::string_view text) { return normalize_stretches(text, Normalization::kNfkc); }

std::string normalized(std::string_view text, Normalization form) {
  return form == Normalization::kNone ? std::string(text) : normalize_stretches(text, form);
}

}  // namespace rwkv
