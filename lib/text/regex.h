// Unicode regular expressions of vocabularies, by PCRE2.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

namespace rwkv {

// Memory for searches of one thread; allocated by the first search.
class RegexScratch {
 public:
  RegexScratch();
  RegexScratch(RegexScratch&&) noexcept;
  RegexScratch& operator=(RegexScratch&&) noexcept;
  ~RegexScratch();

 private:
  friend class Regex;
  struct Memory;
  std::unique_ptr<Memory> memory_;
};

// Immutable; shared between threads.
class Regex {
 public:
  // `pattern` in Oniguruma's Ruby syntax (which the package `tokenizers` uses), or plain text. Error
  // kUnsupported: a broken expression, or one with another meaning in PCRE2.
  static Regex of_pattern(std::string_view pattern);
  static Regex of_text(std::string_view text);

  struct Match {
    size_t begin, end;
  };
  // The first match at `from` or later that is not empty. `text` is valid UTF-8, `from` the beginning of a
  // character. Error kFormat when the search takes too long.
  std::optional<Match> find(std::string_view text, size_t from, RegexScratch& scratch) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  static Regex compile(std::string_view pattern, unsigned options);

  std::shared_ptr<const Code> code_;
};

}  // namespace rwkv
