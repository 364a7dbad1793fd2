// Reads texts by an automaton: every set of ways to have read a text is a state of its own, made when it is
// first met.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sampling/constraint/automaton.h"
#include "sampling/constraint/stack_sets.h"

namespace rwkv {

// What does not fit into memory while all else has been dropped is an Error; before that, this is thrown.
struct RecognizerFull {};

// States are numbers; they, and all memory for them, live as long as this. Used by one thread at a time.
class Recognizer {
 public:
  using StateId = uint32_t;
  using SetId = StackSets::Id;
  static constexpr StateId kDead = 0;  // no text goes on from here
  // Stacks, and so texts, are no deeper nested than this.
  static constexpr uint32_t kMaxDepth = 4096;

  explicit Recognizer(const Automaton& automaton);

  StateId start() const { return start_; }
  // Where a byte leads. A state but kDead is only reached if the text can be completed. Throws
  // RecognizerFull; Error kUnsupported when the text can be read in too many ways.
  StateId next(StateId state, uint8_t byte) {
    const StateId known = table_[state * n_classes_ + classes_[byte]];
    return known != kUnknown ? known : find_next(state, byte);
  }
  StateId next(StateId state, std::string_view bytes);
  bool may_end(StateId state) const { return states_[state].may_end; }
  bool may_go_on(StateId state) const { return states_[state].may_go_on; }

  // The state's ways: states of the automaton, and the stacks below. Hold until the next state is made.
  std::span<const StackSets::Entry> ways(StateId state) const { return sets_.entries(states_[state].set); }
  uint32_t depth(StateId state) const { return sets_.depth(states_[state].set); }
  // The state of a way by itself, where the end of its rule, instead of leading to what is below, is an end.
  StateId alone(Automaton::StateId way);
  // Behind the end of a rule over these stacks.
  StateId above(SetId below);
  // Whether alone() is exact for n_bytes inside a rule over stacks of this depth: none gets too deep.
  bool can_stand_alone(uint32_t depth, size_t n_bytes) const;
  size_t n_bytes() const;

 private:
  static constexpr StateId kUnknown = UINT32_MAX;
  struct State {
    SetId set;
    bool may_end, may_go_on;
  };
  // Sets by the number of what they belong to, emptied in the time of what was put into it.
  class Gathered {
   public:
    explicit Gathered(size_t n) : sets_(n) {}
    SetId at(uint32_t i) const { return sets_[i]; }
    void set(uint32_t i, SetId set) {
      if (sets_[i] == StackSets::kNone) used_.push_back(i);
      sets_[i] = set;
    }
    const std::vector<uint32_t>& used() const { return used_; }
    void clear() {
      for (const uint32_t i : used_) sets_[i] = StackSets::kNone;
      used_.clear();
    }

   private:
    std::vector<SetId> sets_;
    std::vector<uint32_t> used_;
  };

  StateId find_next(StateId state, uint8_t byte);
  StateId state_of(SetId set);
  StateId close();
  void begin(Automaton::StateId state, SetId below);
  void follow(Automaton::StateId state, SetId below);
  void enter_rules();
  void enter(uint32_t rule, SetId below);
  void call(const Automaton::State& state, SetId below);
  bool fits(Automaton::StateId state, SetId below) const;

  const Automaton& automaton_;
  size_t n_classes_;
  std::array<uint8_t, 256> classes_;
  StackSets sets_;
  std::vector<State> states_;
  std::vector<StateId> table_;  // n_classes_ for each state
  std::unordered_map<SetId, StateId> state_of_set_, above_;
  std::unordered_map<Automaton::StateId, StateId> alone_;
  StateId start_ = kDead;

  // Of the step at hand: the stacks below each state, and those below each rule that is called.
  Gathered below_, called_;
  std::vector<std::pair<Automaton::StateId, SetId>> open_;
  std::vector<std::vector<uint32_t>> rules_of_rank_;
  std::vector<uint32_t> last_entered_;  // the entry of a rule that saw a state
  uint32_t n_entries_ = 0;
};

}  // namespace rwkv
