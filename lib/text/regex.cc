#include "text/regex.h"

#include <array>
#include <string>

#include "core/error.h"
#include "core/printable.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace rwkv {
namespace {

// Limit of steps back in a search; only texts such as very long runs of blanks exceed
// it.
constexpr uint32_t kMatchLimit = 10'000'000;
constexpr uint32_t kHeapLimitKilobytes = 100'000;
constexpr size_t kJitStackBytes = 32 * 1024, kMaxJitStackBytes = 16 * 1024 * 1024;

[[noreturn]] void refuse(std::string_view pattern, const std::string& why) {
  throw Error(ErrorKind::kUnsupported,
              "the regular expression '" + printable(pattern) + "' is not supported: " + why);
}

// Escapes with another meaning in PCRE2.
struct Escape {
  char letter;
  std::string_view in_class;   // the equivalent inside classes
  std::string_view elsewhere;  // additional characters outside of classes
  bool negated;
};
constexpr std::string_view kSpaces = "\\p{White_Space}", kDigits = "\\p{Nd}", kHexDigits = "0-9a-fA-F",
                           kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
// Oniguruma looks characters below U+0100 up in a table of its own, where these are word characters, too.
constexpr std::string_view kMoreOfWord = "\\xB2\\xB3\\xB9\\xBC-\\xBE";
constexpr auto kEscapes = std::to_array<Escape>({{'s', kSpaces, "", false},
                                                 {'S', kSpaces, "", true},
                                                 {'d', kDigits, "", false},
                                                 {'D', kDigits, "", true},
                                                 {'h', kHexDigits, "", false},
                                                 {'H', kHexDigits, "", true},
                                                 {'w', kWord, kMoreOfWord, false},
                                                 {'W', kWord, kMoreOfWord, true}});

// Translates Ruby's syntax to Perl's.
class Translation {
 public:
  explicit Translation(std::string_view pattern) : pattern_(pattern) {}

  std::string run() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        take_escape();
      } else if (c == '[') {
        open_class();
      } else if (in_class_ && c == '&' && pattern_.substr(at_).starts_with("&&")) {
        refuse(pattern_, "intersections of classes");
      } else {
        if (c == ']' && in_class_) in_class_ = false;
        take(1);
      }
    }
    return std::move(out_);
  }

 private:
  void take(size_t n) {
    out_ += pattern_.substr(at_, n);
    at_ += n;
  }

  void open_class() {
    if (in_class_) {
      if (!pattern_.substr(at_).starts_with("[:")) refuse(pattern_, "a class in a class");
      const size_t end = pattern_.find(":]", at_);
      if (end == pattern_.npos) refuse(pattern_, "a class without an end");
      return take(end + 2 - at_);
    }
    in_class_ = true;
    take(1);
    if (pattern_.substr(at_).starts_with('^')) take(1);
    if (pattern_.substr(at_).starts_with(']')) take(1);
  }

  void take_escape() {
    if (at_ + 1 == pattern_.size()) refuse(pattern_, "a backslash at its end");
    for (const Escape& escape : kEscapes) {
      if (escape.letter == pattern_[at_ + 1]) return take_known(escape);
    }
    if (pattern_[at_ + 1] == 'u') return take_code();
    take(2);
  }

  void take_known(const Escape& escape) {
    at_ += 2;
    if (!in_class_) {
      out_.append(escape.negated ? "[^" : "[").append(escape.in_class).append(escape.elsewhere).append("]");
    } else if (!escape.negated) {
      out_ += escape.in_class;
    } else if (escape.in_class.find('}') + 1 == escape.in_class.size()) {  // a single property
      out_.append("\\P").append(escape.in_class.substr(2));
    } else {
      refuse(pattern_, std::string("\\") + escape.letter + " in a class");
    }
  }

  // \uHHHH
  void take_code() {
    constexpr size_t kCodeDigits = 4;
    const auto digits = pattern_.substr(at_ + 2, kCodeDigits);
    if (digits.size() < kCodeDigits || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
      refuse(pattern_, "\\u without four digits");
    out_.append("\\x{").append(digits).append("}");
    at_ += 2 + kCodeDigits;
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Regex::Code {
  struct Free {
    void operator()(pcre2_code* freed) const { pcre2_code_free(freed); }
  };
  std::unique_ptr<pcre2_code, Free> code;
};

struct RegexScratch::Memory {
  struct Free {
    void operator()(pcre2_match_data* freed) const { pcre2_match_data_free(freed); }
    void operator()(pcre2_match_context* freed) const { pcre2_match_context_free(freed); }
    void operator()(pcre2_jit_stack* freed) const { pcre2_jit_stack_free(freed); }
  };
  std::unique_ptr<pcre2_match_data, Free> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, Free> context{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, Free> stack{
      pcre2_jit_stack_create(kJitStackBytes, kMaxJitStackBytes, nullptr)};

  Memory() {
    if (data == nullptr || context == nullptr) throw std::bad_alloc();
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), kHeapLimitKilobytes);
    if (stack != nullptr) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }
};

RegexScratch::RegexScratch() = default;
RegexScratch::RegexScratch(RegexScratch&&) noexcept = default;
RegexScratch& RegexScratch::operator=(RegexScratch&&) noexcept = default;
RegexScratch::~RegexScratch() = default;

Regex Regex::compile(std::string_view pattern, unsigned options) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options,
                                 &error, &offset, nullptr));
  if (code->code == nullptr) refuse(pattern, message_of(error) + " at " + std::to_string(offset));
  pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE);  // without this, matching is slower
  return Regex(std::move(code));
}

Regex Regex::of_pattern(std::string_view pattern) {
  return compile(Translation(pattern).run(),
                 PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C);
}

Regex Regex::of_text(std::string_view text) { return compile(text, PCRE2_UTF | PCRE2_LITERAL); }

std::optional<Regex::Match> Regex::find(std::string_view text, size_t from, RegexScratch& scratch) const {
  if (scratch.memory_ == nullptr) scratch.memory_ = std::make_unique<RegexScratch::Memory>();
  const auto& memory = *scratch.memory_;
  const int found =
      pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                  PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, memory.data.get(), memory.context.get());
  if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (found < 0) {
    throw Error(ErrorKind::kFormat,
                "the vocabulary's regular expression cannot be matched with this text: " + message_of(found));
  }
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(memory.data.get());
  return Match{ends[0], ends[1]};
}

}  // namespace rwkv
