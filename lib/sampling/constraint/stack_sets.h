// Sets of stacks, shared: what an automaton may have called, and where each of these goes on.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace rwkv {

// A set of stacks of states has a number: equal sets have the same number. An entry of a set is the top state
// of some of its stacks, together with the set of the stacks below this state. So the memory for all ways to
// read a text depends on the number of rules and on the depth, not on the number of ways.
class StackSets {
 public:
  using Id = uint32_t;
  static constexpr Id kNone = 0;    // no stack
  static constexpr Id kBottom = 1;  // one stack: the state that accepts
  // A second bottom of the depth `hole_depth`.
  static constexpr Id kHole = 2;

  struct Entry {
    uint32_t state;
    Id below;

    bool operator==(const Entry&) const = default;
  };

  // `accept`: the state that kBottom and kHole consist of.
  StackSets(uint32_t accept, uint32_t hole_depth);

  // By rising states, no two alike; `below` are sets of this.
  Id id_of(std::span<const Entry> entries);
  Id united(Id a, Id b);
  // Hold until the next set is made.
  std::span<const Entry> entries(Id id) const { return {entries_.data() + sets_[id].begin, sets_[id].size}; }
  uint32_t depth(Id id) const { return sets_[id].depth; }  // of its highest stack, the bottom not counted
  size_t n_bytes() const;                                  // in memory, about

 private:
  struct Set {
    size_t begin;
    uint32_t size, depth;
    Id next;  // of the same hash
  };
  Id add(std::span<const Entry> entries, uint32_t depth);

  std::vector<Entry> entries_;
  std::vector<Set> sets_;
  std::unordered_map<uint64_t, Id> newest_;    // of a hash
  std::unordered_map<uint64_t, Id> united_{};  // of two sets, the lower number in the upper half
};

}  // namespace rwkv
