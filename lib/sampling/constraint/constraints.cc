#include "sampling/constraint/constraints.h"

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "sampling/constraint/gbnf.h"
#include "sampling/constraint/json_schema.h"
#include "sampling/constraint/regex_grammar.h"

namespace rwkv {
namespace {

constexpr size_t kMaxText = size_t{1} << 20, kMaxKept = 16;

Grammar parse_whole_regex(std::string_view text) {
  Grammar grammar;
  const Grammar::RuleId root = grammar.add_rule("root");
  grammar.define(root, parse_regex(text, {}, grammar));
  return grammar;
}

std::string digest_of(const ConstraintText& text) {
  Hash hash;
  hash.add(static_cast<uint64_t>(text.language));
  hash.add(text.text);
  return hash.digits();
}

}  // namespace

ConstraintText grammar_text(std::string_view grammar) {
  if (grammar == "json") return {Language::kJson, {}, {}};
  return {Language::kGbnf, std::string(grammar), {}};
}

Grammar parse_constraint(const ConstraintText& text) {
  if (text.text.size() > kMaxText) throw Error(ErrorKind::kUnsupported, "more than 1 MiB of text");
  switch (text.language) {
    case Language::kGbnf:
      return parse_gbnf(text.text);
    case Language::kRegex:
      return parse_whole_regex(text.text);
    case Language::kJsonSchema:
      return parse_json_schema(text.text);
    case Language::kJson:
      return any_json();
    case Language::kJsonObject:
      break;
  }
  return any_json_object();
}

std::shared_ptr<const Constraint> Constraints::at(const ConstraintText& text) {
  const std::string digest = digest_of(text);
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(latest_, digest, [](const auto& kept) { return kept->digest(); });
  if (found != latest_.end()) {
    latest_.splice(latest_.begin(), latest_, found);
  } else {
    if (!tokens_) tokens_ = std::make_shared<const TokenTrie>(n_ids_, bytes_of_);
    latest_.push_front(std::make_shared<const Constraint>(parse_constraint(text), tokens_, digest));
    if (latest_.size() > kMaxKept) latest_.pop_back();
  }
  return latest_.front();
}

}  // namespace rwkv
