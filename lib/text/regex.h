// Unicode regular expressions as vocabularies hold them, by PCRE2.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

namespace rwkv {

// What a search needs beside the expression, for one thread; made when it is first used.
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
  // `pattern` as Oniguruma takes it in Ruby's syntax (what the package `tokenizers` does), or the text
  // itself. Error kUnsupported: an expression that is broken, or that means something else to PCRE2.
  static Regex of_pattern(std::string_view pattern);
  static Regex of_text(std::string_view text);

  struct Match {
    size_t begin, end;
  };
  // The first match at `from` or behind that is not empty. `text` is valid UTF-8, `from` the begin of a
  // character. Error kFormat when the search takes too long.
  std::optional<Match> find(std::string_view text, size_t from, RegexScratch& scratch) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  static Regex compile(std::string_view pattern, unsigned options);

  std::shared_ptr<const Code> code_;
};

}  // namespace rwkv
