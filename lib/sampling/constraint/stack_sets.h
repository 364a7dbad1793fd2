// Sets of stacks, shared: what an automaton may have called, and where each of these goes on.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace rwkv {

// A set of stacks of states is known by its number: the same set, the same number. Its entries are the states
// that stand on top of some of its stacks, each with the set of what stands below it there. So the stacks of
// all ways to read a text take no more memory than its rules and depth ask for, however many they are.
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
