#include "sampling/constraint/recognizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kMaxWays = 2000, kMaxBytes = size_t{256} << 20;

}  // namespace

using Kind = Automaton::Kind;

Recognizer::Recognizer(const Automaton& automaton)
    : automaton_(automaton),
      n_classes_(automaton.n_byte_classes()),
      classes_(automaton.byte_classes()),
      sets_(Automaton::kAccept, kMaxDepth / 2),
      below_(automaton.n_states()),
      called_(automaton.n_rules()),
      rules_of_rank_(automaton.n_ranks()),
      last_entered_(automaton.n_states()) {
  states_.push_back({StackSets::kNone, false, false});
  table_.resize(n_classes_, kDead);
  state_of_set_[StackSets::kNone] = kDead;
  begin(automaton_.rule(0).start, StackSets::kBottom);
  start_ = close();
}

bool Recognizer::can_stand_alone(uint32_t depth, size_t n_bytes) const {
  const uint64_t deepest = n_bytes * automaton_.n_pushes() + automaton_.greatest_height() + 2;
  return depth <= kMaxDepth / 2 && deepest <= kMaxDepth / 2;
}

size_t Recognizer::n_bytes() const {
  constexpr size_t kOfMapEntry = 48;
  return sets_.n_bytes() + table_.size() * sizeof(StateId) +
         (states_.size() + above_.size() + alone_.size()) * kOfMapEntry;
}

Recognizer::StateId Recognizer::next(StateId state, std::string_view bytes) {
  for (const char c : bytes) state = next(state, static_cast<uint8_t>(c));
  return state;
}

Recognizer::StateId Recognizer::find_next(StateId state, uint8_t byte) {
  const auto all = ways(state);
  for (const auto& [way, below] : std::vector(all.begin(), all.end())) {
    const Automaton::State& from = automaton_.state(way);
    if (from.kind == Kind::kBytes && from.first <= byte && byte <= from.last) begin(from.next, below);
  }
  const StateId found = close();
  return table_[state * n_classes_ + classes_[byte]] = found;
}

Recognizer::StateId Recognizer::alone(Automaton::StateId way) {
  const auto [known, is_new] = alone_.try_emplace(way, kDead);
  if (is_new) {
    const StackSets::Entry one[] = {{way, StackSets::kHole}};
    known->second = state_of(sets_.id_of(one));
  }
  return known->second;
}

Recognizer::StateId Recognizer::above(SetId below) {
  if (const auto known = above_.find(below); known != above_.end()) return known->second;
  const auto stacks = sets_.entries(below);
  for (const auto& [state, lower] : std::vector(stacks.begin(), stacks.end())) begin(state, lower);
  return above_[below] = close();
}

Recognizer::StateId Recognizer::state_of(SetId set) {
  if (const auto known = state_of_set_.find(set); known != state_of_set_.end()) return known->second;
  if (n_bytes() > kMaxBytes) throw RecognizerFull();
  const auto entries = sets_.entries(set);
  const bool may_end = entries.front().state == Automaton::kAccept;
  states_.push_back({set, may_end, entries.size() > (may_end ? 1 : 0)});
  table_.resize(states_.size() * n_classes_, kUnknown);
  const auto id = static_cast<StateId>(states_.size() - 1);
  state_of_set_[set] = id;
  return id;
}

bool Recognizer::fits(Automaton::StateId state, SetId below) const {
  const uint32_t height = automaton_.state(state).height;
  return height != Automaton::kNever && sets_.depth(below) + height <= kMaxDepth;
}

// Both a state and what is new below it are followed once: unions of stacks go the same ways as their parts.
void Recognizer::begin(Automaton::StateId state, SetId below) {
  if (!fits(state, below)) return;
  const SetId known = below_.at(state), all = sets_.united(known, below);
  if (all == known) return;
  below_.set(state, all);
  open_.emplace_back(state, below);
}

// Everything that is reached without a byte, and the ways to read one from there.
Recognizer::StateId Recognizer::close() {
  while (!open_.empty()) {
    const auto [state, below] = open_.back();
    open_.pop_back();
    follow(state, below);
  }
  enter_rules();
  std::vector<StackSets::Entry> ways;
  for (const Automaton::StateId state : below_.used()) {
    const Kind kind = automaton_.state(state).kind;
    if (kind == Kind::kBytes || kind == Kind::kAccept) ways.push_back({state, below_.at(state)});
  }
  below_.clear();
  called_.clear();
  if (ways.size() > kMaxWays)
    throw Error(ErrorKind::kUnsupported, "the grammar lets a text be read in too many ways at once");
  std::ranges::sort(ways, {}, &StackSets::Entry::state);
  return state_of(sets_.id_of(ways));
}

void Recognizer::follow(Automaton::StateId id, SetId below) {
  const Automaton::State& state = automaton_.state(id);
  switch (state.kind) {
    case Kind::kSplit:
      begin(state.next, below);
      begin(state.other, below);
      break;
    case Kind::kCall:
      call(state, below);
      if (automaton_.rule(state.other).is_nullable) begin(state.next, below);
      break;
    case Kind::kEnd: {
      const auto stacks = sets_.entries(below);
      for (const auto& [next, lower] : std::vector(stacks.begin(), stacks.end())) begin(next, lower);
      break;
    }
    case Kind::kBytes:
    case Kind::kAccept:
      break;
  }
}

// Notes that a rule is entered. The end of a nullable one is no matter here: who calls it passes it by, too.
void Recognizer::call(const Automaton::State& state, SetId below) {
  SetId stacks = below;
  if (!automaton_.is_tail_call(state)) {
    if (!fits(state.next, below)) return;
    const StackSets::Entry one[] = {{state.next, below}};
    stacks = sets_.id_of(one);
  }
  if (!fits(automaton_.rule(state.other).start, stacks)) return;
  const SetId known = called_.at(state.other);
  if (known == StackSets::kNone) rules_of_rank_[automaton_.rule(state.other).rank].push_back(state.other);
  called_.set(state.other, sets_.united(known, stacks));
}

// A rule is entered once, with all that calls it here: callers have lower ranks.
void Recognizer::enter_rules() {
  for (auto& rules : rules_of_rank_) {
    for (size_t i = 0; i < rules.size(); ++i) enter(rules[i], called_.at(rules[i]));
    rules.clear();
  }
}

void Recognizer::enter(uint32_t rule, SetId below) {
  std::vector<Automaton::StateId> open{automaton_.rule(rule).start};
  ++n_entries_;
  while (!open.empty()) {
    const Automaton::StateId id = open.back();
    open.pop_back();
    if (std::exchange(last_entered_[id], n_entries_) == n_entries_ || !fits(id, below)) continue;
    const Automaton::State& state = automaton_.state(id);
    if (state.kind == Kind::kBytes) {
      below_.set(id, sets_.united(below_.at(id), below));
    } else if (state.kind == Kind::kSplit) {
      open.insert(open.end(), {state.next, state.other});
    } else if (state.kind == Kind::kCall) {
      call(state, below);
      if (automaton_.rule(state.other).is_nullable) open.push_back(state.next);
    }
  }
}

}  // namespace rwkv
