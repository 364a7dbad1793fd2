#include "sampling/constraint/automaton.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kMaxStates = 50'000, kMaxRules = 4096, kMaxExpressions = 1'000'000;

std::string where(TextPlace place) {
  if (place.line == 0) return "";
  return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column) + ": ";
}

}  // namespace

// Expressions are built from their ends: each is given the state behind it and returns the one it begins at.
class Automaton::Build {
 public:
  Build(const Grammar& grammar, const ByteSet& spellable, Automaton& automaton)
      : grammar_(grammar), spellable_(spellable), a_(automaton) {}

  void run() {
    if (grammar_.rules().size() > kMaxRules)
      throw Error(ErrorKind::kUnsupported, "more than " + std::to_string(kMaxRules) + " rules");
    a_.states_.push_back({.kind = Kind::kAccept, .height = 0});
    a_.rules_.resize(grammar_.rules().size());
    for (size_t r = 0; r < a_.rules_.size(); ++r)
      a_.rules_[r].start = build(grammar_.rules()[r].body, add({.kind = Kind::kEnd, .height = 0}));
    find_nullable();
    find_ranks();
    find_heights();
    find_classes();
  }

 private:
  using Node = Grammar::Node;

  StateId add(State state) {
    if (a_.states_.size() >= kMaxStates) refuse_size();
    a_.states_.push_back(state);
    return static_cast<StateId>(a_.states_.size() - 1);
  }

  [[noreturn]] static void refuse_size() {
    throw Error(ErrorKind::kUnsupported, "the grammar is too large: more than " + std::to_string(kMaxStates) +
                                             " states, its repetitions unrolled");
  }

  StateId byte(ByteRange range, StateId next) {
    return add({.kind = Kind::kBytes, .first = range.first, .last = range.last, .next = next});
  }

  StateId split(StateId next, StateId other) { return add({Kind::kSplit, 0, 0, next, other}); }

  StateId build(Grammar::Expression e, StateId next) {
    if (++n_built_ > kMaxExpressions) refuse_size();
    const Node& node = grammar_.at(e);
    switch (node.kind) {
      case Grammar::Kind::kBytes:
        for (auto c = node.bytes.rbegin(); c != node.bytes.rend(); ++c)
          next = byte({static_cast<uint8_t>(*c), static_cast<uint8_t>(*c)}, next);
        return next;
      case Grammar::Kind::kCodes:
        return build_codes(node.codes, next);
      case Grammar::Kind::kSequence:
        for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part) next = build(*part, next);
        return next;
      case Grammar::Kind::kChoice:
        return build_choice(node, next);
      case Grammar::Kind::kRepeat:
        return build_repeat(node, next);
      case Grammar::Kind::kCall:
        break;
    }
    const StateId call = add({Kind::kCall, 0, 0, next, node.rule});
    places_[call] = node.place;
    return call;
  }

  // A state from which nothing leads on.
  StateId dead() { return add({.kind = Kind::kBytes, .first = 1, .last = 0}); }

  // Characters share the bytes that they end with.
  StateId build_codes(const CodeSet& codes, StateId next) {
    std::map<std::tuple<uint8_t, uint8_t, StateId>, StateId> known;
    std::vector<StateId> starts;
    for (const ByteRanges& bytes : utf8_ranges(codes)) {
      StateId at = next;
      for (auto range = bytes.rbegin(); range != bytes.rend(); ++range) {
        const auto [found, is_new] = known.try_emplace({range->first, range->last, at}, 0);
        if (is_new) found->second = byte(*range, at);
        at = found->second;
      }
      starts.push_back(at);
    }
    return any_of(starts);
  }

  StateId build_choice(const Node& node, StateId next) {
    std::vector<StateId> starts;
    for (const Grammar::Expression part : node.parts) starts.push_back(build(part, next));
    return any_of(starts);
  }

  StateId any_of(const std::vector<StateId>& starts) {
    if (starts.empty()) return dead();
    StateId start = starts.back();
    for (size_t i = starts.size() - 1; i-- > 0;) start = split(starts[i], start);
    return start;
  }

  StateId build_repeat(const Node& node, StateId next) {
    StateId at = next;
    if (node.most == Grammar::kUnlimited) {
      at = split(0, next);
      const StateId start = build(node.parts[0], at);
      a_.states_[at].next = start;
    } else {
      for (uint32_t i = node.least; i < node.most; ++i) at = split(build(node.parts[0], at), next);
    }
    for (uint32_t i = 0; i < node.least; ++i) at = build(node.parts[0], at);
    return at;
  }

  // Calls visit(state) for all that `start` leads to without a byte, calls of nullable rules included.
  template <class Visit>
  void for_each_without_byte(StateId start, Visit&& visit) {
    std::vector<StateId> open{start};
    ++round_;
    last_seen_.resize(a_.states_.size());
    while (!open.empty()) {
      const StateId id = open.back();
      open.pop_back();
      if (std::exchange(last_seen_[id], round_) == round_) continue;
      const State& state = a_.states_[id];
      visit(id);
      if (state.kind == Kind::kSplit) open.insert(open.end(), {state.next, state.other});
      if (state.kind == Kind::kCall && a_.rules_[state.other].is_nullable) open.push_back(state.next);
    }
  }

  void find_nullable() {
    for (bool changed = true; std::exchange(changed, false);) {
      for (Rule& rule : a_.rules_) {
        if (rule.is_nullable) continue;
        for_each_without_byte(rule.start, [&](StateId id) {
          if (a_.states_[id].kind == Kind::kEnd) rule.is_nullable = changed = true;
        });
      }
    }
  }

  // By depth first search, whose stack is kept here: rules may be many.
  void find_ranks() {
    struct Visit {
      uint32_t rule;
      std::vector<StateId> calls;
      size_t next = 0;
    };
    enum Mark : uint8_t { kNew, kOpen, kDone };
    std::vector<Mark> marks(a_.rules_.size(), kNew);
    std::vector<uint32_t> order;  // what is called comes before who calls
    for (uint32_t root = 0; root < a_.rules_.size(); ++root) {
      if (marks[root] != kNew) continue;
      std::vector<Visit> stack;
      const auto enter = [&](uint32_t rule) {
        marks[rule] = kOpen;
        stack.push_back({rule, first_calls(rule)});
      };
      for (enter(root); !stack.empty();) {
        Visit& top = stack.back();
        if (top.next == top.calls.size()) {
          marks[top.rule] = kDone;
          order.push_back(top.rule);
          stack.pop_back();
          continue;
        }
        const StateId call = top.calls[top.next++];
        const uint32_t called = a_.states_[call].other;
        if (marks[called] == kOpen) refuse_left_recursion(call);
        if (marks[called] == kNew) enter(called);
      }
    }
    std::vector<uint32_t> pushes(a_.rules_.size());  // in front of the rule's first byte
    for (auto rule = order.rbegin(); rule != order.rend(); ++rule) {
      const uint32_t below = a_.rules_[*rule].rank + 1;
      for (const StateId call : first_calls(*rule)) {
        Rule& called = a_.rules_[a_.states_[call].other];
        called.rank = std::max(called.rank, below);
        pushes[a_.states_[call].other] = std::max(
            pushes[a_.states_[call].other], pushes[*rule] + (a_.is_tail_call(a_.states_[call]) ? 0 : 1));
        a_.n_pushes_ = std::max(a_.n_pushes_, pushes[a_.states_[call].other] + 1);
      }
      a_.n_ranks_ = std::max(a_.n_ranks_, below);
    }
  }

  std::vector<StateId> first_calls(uint32_t rule) {
    std::vector<StateId> calls;
    for_each_without_byte(a_.rules_[rule].start, [&](StateId id) {
      if (a_.states_[id].kind == Kind::kCall) calls.push_back(id);
    });
    return calls;
  }

  [[noreturn]] void refuse_left_recursion(StateId call) const {
    throw Error(ErrorKind::kUnsupported,
                where(places_.at(call)) + "left recursion: " + grammar_.rules()[a_.states_[call].other].name +
                    " begins with itself");
  }

  // The least solution, by rounds until nothing changes.
  void find_heights() {
    for (bool changed = true; std::exchange(changed, false);) {
      for (State& state : a_.states_) {
        const uint32_t height = height_of(state);
        if (height < state.height) state.height = height, changed = true;
      }
    }
    if (a_.states_[a_.rules_[0].start].height == kNever)
      throw Error(ErrorKind::kUsage, "no text fits the grammar, or none that the vocabulary can spell");
    for (const State& state : a_.states_) {
      if (state.height != kNever) a_.greatest_height_ = std::max(a_.greatest_height_, state.height);
    }
  }

  uint32_t height_of(const State& state) const {
    const auto height = [&](StateId id) { return a_.states_[id].height; };
    switch (state.kind) {
      case Kind::kAccept:
      case Kind::kEnd:
        return 0;
      case Kind::kBytes:
        for (int c = state.first; c <= state.last; ++c) {
          if (spellable_[static_cast<size_t>(c)]) return height(state.next);
        }
        return kNever;
      case Kind::kSplit:
        return std::min(height(state.next), height(state.other));
      case Kind::kCall:
        break;
    }
    const uint32_t called = height(a_.rules_[state.other].start);
    if (called == kNever || height(state.next) == kNever) return kNever;
    return a_.is_tail_call(state) ? called : std::max(called + 1, height(state.next));
  }

  void find_classes() {
    std::bitset<257> begins;
    for (const State& state : a_.states_) {
      if (state.kind != Kind::kBytes || state.first > state.last) continue;
      begins[state.first] = true;
      begins[size_t{state.last} + 1] = true;
    }
    uint8_t n = 0;
    for (size_t c = 1; c < 256; ++c) a_.byte_classes_[c] = n = static_cast<uint8_t>(n + begins[c]);
  }

  const Grammar& grammar_;
  const ByteSet& spellable_;
  Automaton& a_;
  std::map<StateId, TextPlace> places_;  // of calls
  std::vector<uint32_t> last_seen_;      // the round of for_each_without_byte() that saw a state
  uint32_t round_ = 0;
  size_t n_built_ = 0;  // expressions, those within repetitions each time
};

Automaton::Automaton(const Grammar& grammar, const ByteSet& spellable) {
  Build(grammar, spellable, *this).run();
}

}  // namespace rwkv
