#include "text/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <span>

#include "core/error.h"
#include "core/printable.h"
#include "text/gpt2_pieces.h"

namespace rwkv {
namespace {

namespace json = boost::json;

using Steps = std::vector<PieceStep>;
using OnPiece = std::function<void(std::string_view)>;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kUnsupported, "pre_tokenizer " + message);
}
[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::kFormat, "pre_tokenizer: " + message);
}

// ---- reading

std::string_view text_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) fail(std::string("no \"") + key + "\"");
  return value->get_string();
}

bool flag(const json::object& object, const char* key, bool absent) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return absent;
  if (!value->is_bool()) fail(std::string(key) + ": want true or false");
  return value->get_bool();
}

struct NamedBehavior {
  std::string_view name;
  SplitBehavior behavior;
};
constexpr auto kBehaviors = std::to_array<NamedBehavior>({
    {"Isolated", SplitBehavior::kIsolated},
    {"Removed", SplitBehavior::kRemoved},
    {"Contiguous", SplitBehavior::kContiguous},
    {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
    {"MergedWithNext", SplitBehavior::kMergedWithNext},
});

SplitBehavior behavior_of(const json::object& step) {
  const std::string_view name = text_at(step, "behavior");
  const auto found = std::ranges::find(kBehaviors, name, &NamedBehavior::name);
  if (found == kBehaviors.end()) refuse("Split: behavior '" + printable(name) + "' is not known");
  return found->behavior;
}

Regex regex_of(const json::object& step) {
  const json::value* pattern = step.if_contains("pattern");
  if (pattern == nullptr || !pattern->is_object()) fail("Split: no \"pattern\"");
  const json::object& object = pattern->get_object();
  return object.contains("String") ? Regex::of_text(text_at(object, "String"))
                                   : Regex::of_pattern(text_at(object, "Regex"));
}

void add_byte_level(const json::object& step, Steps& steps) {
  steps.push_back({flag(step, "use_regex", true) ? PieceStep::kGpt2 : PieceStep::kNone,
                   flag(step, "add_prefix_space", true)});
}

void add_split(const json::object& step, Steps& steps) {
  steps.push_back({PieceStep::kRegex, false, regex_of(step), behavior_of(step), flag(step, "invert", false)});
}

void add_digits(const json::object& step, Steps& steps) {
  const bool each = flag(step, "individual_digits", false);
  steps.push_back({PieceStep::kRegex, false, Regex::of_pattern("\\p{N}"),
                   each ? SplitBehavior::kIsolated : SplitBehavior::kContiguous});
}

struct StepKind {
  std::string_view name;
  void (*add)(const json::object&, Steps&);
  bool makes_bytes;
};
constexpr auto kStepKinds = std::to_array<StepKind>(
    {{"ByteLevel", add_byte_level, true}, {"Split", add_split, false}, {"Digits", add_digits, false}});

const StepKind& kind_of(const json::object& step) {
  const std::string_view name = text_at(step, "type");
  const auto found = std::ranges::find(kStepKinds, name, &StepKind::name);
  if (found == kStepKinds.end())
    refuse("'" + printable(name) +
           "' is not supported: want ByteLevel, or a Sequence of Split, Digits and ByteLevel");
  return *found;
}

const json::object& object_in(const json::value& value) {
  if (!value.is_object()) fail("want an object");
  return value.get_object();
}

// ---- cutting

struct Span {
  std::string_view text;
  bool is_match;
};

// Matches and what stands between them.
std::vector<Span> spans_of(const PieceStep& step, std::string_view text, RegexScratch& scratch) {
  std::vector<Span> spans;
  size_t at = 0;
  while (at < text.size()) {
    const auto match = step.regex->find(text, at, scratch);
    const size_t begin = match ? match->begin : text.size();
    if (begin > at) spans.push_back({text.substr(at, begin - at), step.invert});
    if (!match) break;
    spans.push_back({text.substr(begin, match->end - begin), !step.invert});
    at = match->end;
  }
  return spans;
}

// Whether a span belongs to the piece that ends where it begins.
bool goes_on(SplitBehavior behavior, const Span& before, const Span& span) {
  switch (behavior) {
    case SplitBehavior::kContiguous:
      return before.is_match == span.is_match;
    case SplitBehavior::kMergedWithPrevious:
      return span.is_match && !before.is_match;
    case SplitBehavior::kMergedWithNext:
      return before.is_match && !span.is_match;
    default:
      return false;
  }
}

void cut_by_regex(const PieceStep& step, std::string_view text, RegexScratch& scratch,
                  const OnPiece& on_piece) {
  const auto spans = spans_of(step, text, scratch);
  for (size_t i = 0; i < spans.size();) {
    const char* begin = spans[i].text.data();
    size_t n_bytes = spans[i].text.size(), next = i + 1;
    for (; next < spans.size() && goes_on(step.behavior, spans[next - 1], spans[next]); ++next)
      n_bytes += spans[next].text.size();
    const bool removed = step.behavior == SplitBehavior::kRemoved && spans[i].is_match;
    if (!removed) on_piece({begin, n_bytes});
    i = next;
  }
}

void cut_as_gpt2(std::string_view text, const OnPiece& on_piece) {
  while (!text.empty()) {
    const size_t n = gpt2_piece_bytes(text);
    on_piece(text.substr(0, n));
    text.remove_prefix(n);
  }
}

void cut(const PieceStep& step, std::string_view text, RegexScratch& scratch, const OnPiece& on_piece) {
  switch (step.kind) {
    case PieceStep::kNone:
      return on_piece(text);
    case PieceStep::kGpt2:
      return cut_as_gpt2(text, on_piece);
    case PieceStep::kRegex:
      return cut_by_regex(step, text, scratch, on_piece);
  }
}

void cut_by_steps(std::span<const PieceStep> steps, std::string_view text, RegexScratch& scratch,
                  const OnPiece& on_piece) {
  if (text.empty()) return;
  if (steps.empty()) return on_piece(text);
  const PieceStep& step = steps.front();
  const auto on_part = [&](std::string_view part) {
    cut_by_steps(steps.subspan(1), part, scratch, on_piece);
  };
  if (step.adds_space && text.front() != ' ') return cut(step, " " + std::string(text), scratch, on_part);
  cut(step, text, scratch, on_part);
}

}  // namespace

PreTokenizer PreTokenizer::parse(std::string_view text) {
  json::error_code error;
  const json::value root = json::parse(text, error);
  if (error) fail("broken JSON: " + error.message());
  const json::object& object = object_in(root);
  json::array only = {root};
  const json::array* list = &only;
  if (text_at(object, "type") == "Sequence") {
    const json::value* inner = object.if_contains("pretokenizers");
    if (inner == nullptr || !inner->is_array()) fail("Sequence: no \"pretokenizers\"");
    list = &inner->get_array();
  }
  Steps steps;
  bool makes_bytes = false;
  for (const json::value& value : *list) {
    if (makes_bytes) refuse("with a step behind ByteLevel is not supported");
    const StepKind& kind = kind_of(object_in(value));
    kind.add(value.get_object(), steps);
    makes_bytes = kind.makes_bytes;
  }
  if (!makes_bytes) refuse("without ByteLevel is not supported");
  return PreTokenizer(std::move(steps));
}

void PreTokenizer::split(std::string_view text, RegexScratch& scratch, const OnPiece& on_piece) const {
  cut_by_steps(steps_, text, scratch, on_piece);
}

bool PreTokenizer::is_gpt2() const {
  return steps_.size() == 1 && steps_[0].kind == PieceStep::kGpt2 && !steps_[0].adds_space;
}

bool PreTokenizer::adds_space() const { return std::ranges::any_of(steps_, &PieceStep::adds_space); }

}  // namespace rwkv
