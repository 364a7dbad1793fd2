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

// The constraints over one vocabulary; the latest are cached. Several threads may use one object.
class Constraints {
 public:
  // For the ids below n_ids. `bytes_of` returns the bytes of an id, and outlives this object.
  Constraints(size_t n_ids, std::function<std::string_view(TokenId)> bytes_of)
      : n_ids_(n_ids), bytes_of_(std::move(bytes_of)) {}

  // Error as of parse_constraint() and Constraint().
  std::shared_ptr<const Constraint> at(const ConstraintText& text);

 private:
  size_t n_ids_;
  std::function<std::string_view(TokenId)> bytes_of_;
  std::mutex mutex_;                                     // guards the members below
  std::shared_ptr<const TokenTrie> tokens_{};            // made at the first use
  std::list<std::shared_ptr<const Constraint>> latest_;  // the latest first
};

}  // namespace rwkv
