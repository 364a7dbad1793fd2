#include "text/bpe_merges.h"

#include <limits>
#include <queue>

namespace rwkv {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();  // no id and no place is as high

uint64_t pair_key(TokenId left, TokenId right) { return uint64_t{left} << 32 | right; }

}  // namespace

// The ids as a linked list, and a heap of the pairs that may merge. Pairs that are gone stay in the heap and
// are known by their rank.
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

void BpeMerges::apply(std::vector<TokenId>& ids) const {
  if (ids.size() > 1) Run(*this, ids).run();
}

}  // namespace rwkv
