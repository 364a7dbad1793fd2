#include "text/bpe_cuts.h"

#include <optional>

#include "text/utf8.h"

namespace rwkv {
namespace {

struct Char {
  CharClass kind;
  bool is_inert;  // the normal form leaves it as it is
};

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::optional<Char> char_at(std::string_view text, size_t at, Normalization form) {
  const Utf8Step step = utf8_step(text.substr(at));
  if (step.kind != Utf8Step::kCharacter) return std::nullopt;
  return Char{char_class(step.code), is_plainly_normal(text.substr(at, step.bytes), form)};
}

// What is not UTF-8 becomes U+FFFD.
Char char_before(std::string_view text, size_t at, Normalization form) {
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && is_continuation(text[begin])) --begin;
  const Utf8Step step = utf8_step(text.substr(begin, at - begin));
  if (step.kind != Utf8Step::kCharacter || begin + step.bytes != at) return {CharClass::kOther, false};
  return {char_class(step.code), is_plainly_normal(text.substr(begin, step.bytes), form)};
}

}  // namespace

void BpeCuts::add_token(std::string_view added) {
  pairs_.add(added);
  for (size_t i = 1; i < added.size(); ++i) {
    tokens_go_on_at_space_ |= is_ascii_space(added[i]) && !is_ascii_space(added[i - 1]);
  }
}

// Letters behind an apostrophe may belong to it ('s), and white space leaves its last character to what
// follows.
bool BpeCuts::is_cut(std::string_view text, size_t at) const {
  const auto right = char_at(text, at, form_);
  const Char left = char_before(text, at, form_);
  if (!right || left.kind == CharClass::kSpace || left.kind == right->kind) return false;
  if (is_ascii_space(text[at]) && !tokens_go_on_at_space_) return true;
  return left.is_inert && right->is_inert && text[at - 1] != '\'' && !pairs_.contains(text[at - 1], text[at]);
}

size_t BpeCuts::last(std::string_view text) const {
  size_t at = text.empty() ? 0 : text.size() - 1;
  while (at > 0 && !is_cut(text, at)) --at;
  return at;
}

}  // namespace rwkv
