#include "text/bpe_merges.h"

#include <algorithm>
#include <array>
#include <limits>
#include <queue>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();  // no id and no place is as high
constexpr size_t kShort = 64;

uint64_t pair_key(TokenId left, TokenId right) { return uint64_t{left} << 32 | right; }

}  // namespace

// The ids as a linked list, and a heap of pairs that may merge. Pairs that no longer exist stay in the heap
// and are recognised by their rank.
class BpeMerges::Run {
 public:
  Run(const BpeMerges& merges, std::vector<TokenId>& ids) : merges_(merges), ids_(ids), links_(ids.size()) {
    const auto n = static_cast<uint32_t>(ids.size());
    for (uint32_t i = 0; i < n; ++i) links_[i] = {i == 0 ? kNone : i - 1, i + 1 == n ? kNone : i + 1};
    for (uint32_t i = 0; i < n; ++i) offer(i);
  }

  void run() {
    while (!heap_.empty()) {
      const Candidate best = heap_.top();
      heap_.pop();
      const Merge* merge = merge_at(best.left);
      if (merge == nullptr || merge->rank != best.rank) continue;
      join(best.left, merge->merged);
    }
    std::erase(ids_, kNone);
  }

 private:
  struct Link {
    uint32_t before, behind;
  };
  struct Candidate {
    uint32_t rank, left;
    bool operator<(const Candidate& other) const {  // the heap's top is the largest
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };

  const Merge* merge_at(uint32_t left) const {
    const uint32_t right = links_[left].behind;
    return ids_[left] == kNone || right == kNone ? nullptr : merges_.find(ids_[left], ids_[right]);
  }

  void offer(uint32_t left) {
    if (const Merge* merge = merge_at(left)) heap_.push({merge->rank, left});
  }

  void join(uint32_t left, TokenId merged) {
    const uint32_t right = links_[left].behind, next = links_[right].behind;
    ids_[left] = merged;
    ids_[right] = kNone;
    links_[left].behind = next;
    if (next != kNone) links_[next].before = left;
    if (links_[left].before != kNone) offer(links_[left].before);
    offer(left);
  }

  const BpeMerges& merges_;
  std::vector<TokenId>& ids_;
  std::vector<Link> links_;
  std::priority_queue<Candidate> heap_;
};

void BpeMerges::add(TokenId left, TokenId right, TokenId merged) {
  merges_.insert_or_assign(pair_key(left, right), Merge{n_added_++, merged});
}

const BpeMerges::Merge* BpeMerges::find(TokenId left, TokenId right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

// Searches all ranks for every merge: faster than a heap for few ids.
void BpeMerges::apply_short(std::vector<TokenId>& ids) const {
  std::array<uint32_t, kShort> ranks{};  // of id i with the next one
  std::array<TokenId, kShort> merged{};
  size_t n = ids.size();
  const auto look_up = [&](size_t i) {
    const Merge* merge = i + 1 < n ? find(ids[i], ids[i + 1]) : nullptr;
    ranks[i] = merge == nullptr ? kNone : merge->rank;
    if (merge != nullptr) merged[i] = merge->merged;
  };
  for (size_t i = 0; i < n; ++i) look_up(i);
  while (true) {
    const auto best = static_cast<size_t>(std::min_element(ranks.begin(), ranks.begin() + n) - ranks.begin());
    if (ranks[best] == kNone) break;
    ids[best] = merged[best];
    std::copy(ids.begin() + best + 2, ids.begin() + n, ids.begin() + best + 1);
    std::copy(ranks.begin() + best + 2, ranks.begin() + n, ranks.begin() + best + 1);
    std::copy(merged.begin() + best + 2, merged.begin() + n, merged.begin() + best + 1);
    --n;
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
  ids.resize(n);
}

void BpeMerges::apply(std::vector<TokenId>& ids) const {
  if (ids.size() < 2) return;
  if (ids.size() >= kNone) throw Error(ErrorKind::kFormat, "a piece of the text has more than 4 GB");
  if (ids.size() <= kShort) return apply_short(ids);
  Run(*this, ids).run();
}

}  // namespace rwkv
