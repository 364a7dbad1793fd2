// Constraints by the texts of their languages.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "sampling/constraint/constraint.h"

namespace rwkv {

enum class Language : uint8_t { kGbnf, kRegex, kJsonSchema, kJson, kJsonObject };

struct ConstraintText {
  Language language = Language::kGbnf;
  std::string text{};  // of the grammar, the schema or the regular expression
  std::string file{};  // from which it comes, for messages; empty: none
};

// "json" is any JSON, everything else a grammar in GBNF.
ConstraintText grammar_text(std::string_view grammar);

// The grammar of a text of at most 1 MiB. Error kUsage and kUnsupported: its parser's.
Grammar parse_constraint(const ConstraintText& text);

// The constraints over one vocabulary; the latest are kept. May be used by several threads.
class Constraints {
 public:
  // Of the ids below n_ids, whose bytes `bytes_of` tells for as long as this lives.
  Constraints(size_t n_ids, std::function<std::string_view(TokenId)> bytes_of)
      : n_ids_(n_ids), bytes_of_(std::move(bytes_of)) {}

  // Error as of parse_constraint() and Constraint().
  std::shared_ptr<const Constraint> at(const ConstraintText& text);

 private:
  size_t n_ids_;
  std::function<std::string_view(TokenId)> bytes_of_;
  std::mutex mutex_;                                     // of what follows
  std::shared_ptr<const TokenTrie> tokens_{};            // made when it is first wanted
  std::list<std::shared_ptr<const Constraint>> latest_;  // the latest first
};

}  // namespace rwkv
