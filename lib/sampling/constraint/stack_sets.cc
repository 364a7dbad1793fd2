#include "sampling/constraint/stack_sets.h"

#include <algorithm>
#include <utility>

namespace rwkv {
namespace {

uint64_t hash_of(std::span<const StackSets::Entry> entries) {
  uint64_t hash = entries.size();
  for (const auto& [state, below] : entries) {
    hash = (hash ^ (uint64_t{state} << 32 | below)) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

StackSets::StackSets(uint32_t accept, uint32_t hole_depth) {
  add({}, 0);
  const Entry accepting[] = {{accept, kBottom}};
  add(accepting, 0);
  add(accepting, hole_depth);
}

StackSets::Id StackSets::add(std::span<const Entry> entries, uint32_t depth) {
  sets_.push_back({entries_.size(), static_cast<uint32_t>(entries.size()), depth, kNone});
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  return static_cast<Id>(sets_.size() - 1);
}

StackSets::Id StackSets::id_of(std::span<const Entry> entries) {
  if (entries.empty()) return kNone;
  const uint64_t hash = hash_of(entries);
  const auto [newest, is_new] = newest_.try_emplace(hash, kNone);
  for (Id id = newest->second; id != kNone; id = sets_[id].next) {
    if (std::ranges::equal(this->entries(id), entries)) return id;
  }
  uint32_t depth = 0;
  for (const Entry& entry : entries) depth = std::max(depth, sets_[entry.below].depth + 1);
  const Id id = add(entries, depth);
  sets_[id].next = std::exchange(newest->second, id);
  return id;
}

StackSets::Id StackSets::united(Id a, Id b) {
  if (a == b || b == kNone) return a;
  if (a == kNone) return b;
  if (a > b) std::swap(a, b);
  const uint64_t key = uint64_t{a} << 32 | b;
  if (const auto known = united_.find(key); known != united_.end()) return known->second;
  std::vector<Entry> all;
  for (size_t i = 0, k = 0; i < sets_[a].size || k < sets_[b].size;) {
    const Entry* left = i < sets_[a].size ? &entries(a)[i] : nullptr;
    const Entry* right = k < sets_[b].size ? &entries(b)[k] : nullptr;
    if (right == nullptr || (left != nullptr && left->state < right->state)) {
      all.push_back(*left), ++i;
    } else if (left == nullptr || right->state < left->state) {
      all.push_back(*right), ++k;
    } else {
      const uint32_t state = left->state;
      all.push_back({state, united(left->below, right->below)}), ++i, ++k;
    }
  }
  return united_[key] = id_of(all);
}

size_t StackSets::n_bytes() const {
  constexpr size_t kOfMapEntry = 48;
  return entries_.size() * sizeof(Entry) + sets_.size() * (sizeof(Set) + kOfMapEntry) +
         united_.size() * kOfMapEntry;
}

}  // namespace rwkv
