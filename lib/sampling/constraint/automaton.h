// A grammar as an automaton over bytes: states of its rules, and what leads from one to the next.
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <vector>

#include "sampling/constraint/grammar.h"

namespace rwkv {

// A pushdown automaton. The call of a rule pushes the state that follows the call on a stack.
class Automaton {
 public:
  using StateId = uint32_t;
  static constexpr StateId kAccept = 0;                                     // the whole text ends
  static constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();  // as a height

  enum class Kind : uint8_t {
    kAccept,
    kEnd,    // of a rule
    kBytes,  // a byte from `first` to `last` leads to `next`
    kSplit,  // without a byte to `next` and to `other`
    kCall    // rule `other`, and behind it `next`
  };
  struct State {
    Kind kind = Kind::kEnd;
    uint8_t first = 0, last = 0;
    StateId next = 0;
    uint32_t other = 0;
    uint32_t height = kNever;  // of the lowest stack by which its rule can end; kNever: it cannot
  };
  struct Rule {
    StateId start = 0;
    bool is_nullable = false;  // may be the empty text
    // Rules that begin with a call of another, perhaps behind empty texts, have a lower rank than that one.
    uint32_t rank = 0;
  };
  using ByteSet = std::bitset<256>;

  // Completions are spelled with the `spellable` bytes. Error kUnsupported: left recursion and too large
  // grammars; kUsage: a language without texts. Messages name the rule, line and column where there are some.
  Automaton(const Grammar& grammar, const ByteSet& spellable);

  const State& state(StateId id) const { return states_[id]; }
  const Rule& rule(uint32_t id) const { return rules_[id]; }
  size_t n_states() const { return states_.size(); }
  size_t n_rules() const { return rules_.size(); }
  uint32_t n_ranks() const { return n_ranks_; }
  // No byte makes a stack higher by more than this.
  uint32_t n_pushes() const { return n_pushes_; }
  uint32_t greatest_height() const { return greatest_height_; }
  // A call in front of the end of its own rule needs no place on the stack.
  bool is_tail_call(const State& call) const { return states_[call.next].kind == Kind::kEnd; }
  // Bytes that no state tells apart have the same class.
  const std::array<uint8_t, 256>& byte_classes() const { return byte_classes_; }
  size_t n_byte_classes() const { return size_t{byte_classes_[255]} + 1; }

 private:
  class Build;

  std::vector<State> states_;
  std::vector<Rule> rules_;
  uint32_t n_ranks_ = 0, n_pushes_ = 1, greatest_height_ = 0;
  std::array<uint8_t, 256> byte_classes_{};
};

}  // namespace rwkv
