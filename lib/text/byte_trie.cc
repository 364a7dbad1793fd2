#include "text/byte_trie.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"

namespace rwkv {
namespace {

// The first eight bytes as a number that sorts as they do.
uint64_t prefix_of(std::string_view bytes) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u);
  }
  return prefix;
}

struct Keyed {
  uint64_t prefix;
  TokenId id;
  uint32_t n_bytes;
};

std::vector<Keyed> sorted(const TokenTable& tokens) {
  std::vector<Keyed> keyed;
  keyed.reserve(tokens.n_tokens());
  tokens.for_each([&](std::string_view bytes, TokenId id) {
    if (bytes.empty()) throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + ": an empty token");
    keyed.push_back({prefix_of(bytes), id, static_cast<uint32_t>(bytes.size())});
  });
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : tokens.at(a.id) < tokens.at(b.id);
  });
  return keyed;
}

}  // namespace

// Places the nodes level by level; each covers a range of the sorted tokens, which begin with its bytes.
class ByteTrie::Build {
 public:
  Build(std::vector<uint64_t>& units, const TokenTable& table)
      : units_(units), table_(table), tokens_(sorted(table)) {}

  void run() {
    next_[kListEnd] = before_[kListEnd] = kListEnd;
    units_.reserve(2 * tokens_.size() + kBlock);
    used_bases_.reserve(2 * tokens_.size() + kBlock);
    add_block();
    used_bases_[0] = 1;
    take(0);
    units_[0] = kFree | 1;  // no longer free
    std::vector<Node> level{{0, 0, static_cast<uint32_t>(tokens_.size())}};
    for (; !level.empty(); ++depth_) {
      for (Node node : level) {
        if (depth_ > 0) take_token(node);
        if (node.begin < node.end) place_children(node);
      }
      level.swap(next_level_);
      next_level_.clear();
    }
  }

 private:
  struct Node {
    uint32_t unit, begin, end;
  };
  struct Child {
    unsigned char label;
    uint32_t begin, end;
  };
  static constexpr uint32_t kListEnd = 512;
  static constexpr size_t kBlock = 256, kOpenUnits = kListEnd, kTries = 48, kMaxUnits = size_t{1} << 30;

  // The token that ends at a node comes first in its range.
  void take_token(Node& node) {
    const Keyed& token = tokens_[node.begin];
    if (token.n_bytes != depth_) return;
    ++node.begin;
    if (node.begin < node.end && tokens_[node.begin].n_bytes == depth_) {
      throw Error(ErrorKind::kFormat, "ids " + std::to_string(token.id) + " and " +
                                          std::to_string(tokens_[node.begin].id) + " have the same bytes");
    }
    units_[node.unit] |= kHasToken | token.id;
  }

  void place_children(const Node& node) {
    children_.clear();
    for (uint32_t first = node.begin, last; first < node.end; first = last) {
      const unsigned char label = byte_of(first);
      for (last = first + 1; last < node.end && byte_of(last) == label;) ++last;
      children_.push_back({label, first, last});
    }
    const size_t base = free_base();
    used_bases_[base] = 1;
    units_[node.unit] |= uint64_t{base} << 34;
    for (const Child& child : children_) {
      const size_t at = base ^ child.label;
      take(at);
      units_[at] = uint64_t{child.label} << 24;
      next_level_.push_back({static_cast<uint32_t>(at), child.begin, child.end});
    }
  }

  unsigned char byte_of(uint32_t token) const {
    return depth_ < 8 ? static_cast<unsigned char>(tokens_[token].prefix >> (56 - 8 * depth_))
                      : static_cast<unsigned char>(table_.at(tokens_[token].id)[depth_]);
  }

  // Only some places of the last blocks are tried: a little memory for much time.
  size_t free_base() {
    uint32_t slot = next_[kListEnd];
    for (size_t i = 0; i < kTries && slot != kListEnd; ++i, slot = next_[slot]) {
      const size_t base = place_of(slot) ^ children_[0].label;
      if (used_bases_[base] == 0 && fits(base)) return base;
    }
    return add_block();
  }

  bool fits(size_t base) const {
    return std::all_of(children_.begin(), children_.end(),
                       [&](const Child& child) { return is_free(base ^ child.label); });
  }

  bool is_free(size_t at) const { return units_[at] == kFree; }

  size_t add_block() {
    const size_t begin = units_.size();
    if (begin >= kMaxUnits) throw Error(ErrorKind::kFormat, "the tokens are too long");
    for (size_t i = 0; begin >= kOpenUnits && i < kBlock; ++i) {
      if (is_free(begin - kOpenUnits + i)) unlink((begin + i) % kOpenUnits);
    }
    units_.resize(begin + kBlock, kFree);
    used_bases_.resize(begin + kBlock);
    for (size_t i = 0; i < kBlock; ++i) append(static_cast<uint32_t>((begin + i) % kOpenUnits));
    return begin;
  }

  void take(size_t at) {
    if (at + kOpenUnits >= units_.size()) unlink(at % kOpenUnits);
  }

  void append(uint32_t slot) {
    const uint32_t last = before_[kListEnd];
    next_[last] = before_[kListEnd] = slot;
    before_[slot] = last;
    next_[slot] = kListEnd;
  }

  void unlink(size_t slot) {
    next_[before_[slot]] = next_[slot];
    before_[next_[slot]] = before_[slot];
  }

  // Of the place in the open blocks.
  size_t place_of(uint32_t slot) const {
    const size_t first = units_.size() - std::min(units_.size(), kOpenUnits);
    return first + (slot - first) % kOpenUnits;
  }

  static constexpr uint64_t kFree = uint64_t{kNoLabel} << 24;
  std::vector<uint64_t>& units_;
  const TokenTable& table_;
  const std::vector<Keyed> tokens_;
  std::vector<Node> next_level_;
  size_t depth_ = 0;             // of the nodes at hand
  std::vector<Child> children_;  // of the node at hand
  std::vector<uint8_t> used_bases_;
  // The free places of the open blocks as a ring: each stands for the place that leaves its remainder.
  std::array<uint32_t, kOpenUnits + 1> next_{}, before_{};
};

ByteTrie::ByteTrie(const TokenTable& tokens) { Build(units_, tokens).run(); }

}  // namespace rwkv
