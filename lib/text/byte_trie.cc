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

std::vector<TokenTable::Token> sorted(const std::vector<TokenTable::Token>& tokens) {
  struct Keyed {
    uint64_t prefix;
    TokenTable::Token token;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(tokens.size());
  for (const auto& token : tokens) keyed.push_back({prefix_of(token.bytes), token});
  std::sort(keyed.begin(), keyed.end(), [](const Keyed& a, const Keyed& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.token.bytes < b.token.bytes;
  });
  std::vector<TokenTable::Token> result;
  result.reserve(keyed.size());
  for (const auto& entry : keyed) result.push_back(entry.token);
  return result;
}

}  // namespace

// Places the nodes level by level; each covers a range of the sorted tokens, which begin with its bytes.
class ByteTrie::Build {
 public:
  Build(std::vector<uint64_t>& units, const std::vector<TokenTable::Token>& tokens)
      : units_(units), tokens_(tokens) {}

  void run() {
    add_block();
    used_bases_[0] = true;
    take(0);
    units_[0] = kFree | 1;  // no longer free
    nodes_.push_back({0, 0, tokens_.size(), 0});
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Node node = nodes_[i];
      if (node.depth > 0) take_token(node);
      if (node.begin < node.end) place_children(node);
    }
  }

 private:
  struct Node {
    size_t unit, begin, end, depth;
  };
  struct Child {
    unsigned char label;
    size_t begin, end;
  };
  static constexpr size_t kBlock = 256, kOpenUnits = 2 * kBlock, kMaxUnits = size_t{1} << 30;

  // The token that ends at a node comes first in its range.
  void take_token(Node& node) {
    const auto& token = tokens_[node.begin];
    if (token.bytes.size() != node.depth) return;
    ++node.begin;
    if (node.begin < node.end && tokens_[node.begin].bytes.size() == node.depth) {
      throw Error(ErrorKind::kFormat, "ids " + std::to_string(token.id) + " and " +
                                          std::to_string(tokens_[node.begin].id) + " have the same bytes");
    }
    units_[node.unit] |= kHasToken | token.id;
  }

  void place_children(const Node& node) {
    children_.clear();
    for (size_t first = node.begin, last; first < node.end; first = last) {
      const auto label = static_cast<unsigned char>(tokens_[first].bytes[node.depth]);
      for (last = first + 1; last < node.end; ++last) {
        if (static_cast<unsigned char>(tokens_[last].bytes[node.depth]) != label) break;
      }
      children_.push_back({label, first, last});
    }
    const size_t base = free_base();
    used_bases_[base] = true;
    units_[node.unit] |= uint64_t{base} << 34;
    for (const Child& child : children_) {
      const size_t at = base ^ child.label;
      take(at);
      units_[at] = uint64_t{child.label} << 24;
      nodes_.push_back({at, child.begin, child.end, node.depth + 1});
    }
  }

  // Only the last blocks are searched: older ones are nearly full.
  size_t free_base() {
    for (const size_t at : free_) {
      const size_t base = at ^ children_[0].label;
      if (!used_bases_[base] && fits(base)) return base;
    }
    return add_block() + kBlock - 1;
  }

  bool fits(size_t base) const {
    return std::all_of(children_.begin(), children_.end(),
                       [&](const Child& child) { return is_free(base ^ child.label); });
  }

  bool is_free(size_t at) const { return units_[at] == kFree; }

  size_t add_block() {
    const size_t begin = units_.size();
    if (begin >= kMaxUnits) throw Error(ErrorKind::kFormat, "the tokens are too long");
    units_.resize(begin + kBlock, kFree);
    used_bases_.resize(begin + kBlock);
    for (size_t i = 0; i < kBlock; ++i) free_.push_back(static_cast<uint32_t>(begin + i));
    free_.erase(std::remove_if(free_.begin(), free_.end(),
                               [&](size_t at) { return at + kOpenUnits < units_.size(); }),
                free_.end());
    return begin;
  }

  void take(size_t at) { free_.erase(std::lower_bound(free_.begin(), free_.end(), at)); }

  static constexpr uint64_t kFree = uint64_t{kNoLabel} << 24;
  std::vector<uint64_t>& units_;
  const std::vector<TokenTable::Token>& tokens_;
  std::vector<Node> nodes_;
  std::vector<Child> children_;  // of the node at hand
  std::vector<bool> used_bases_;
  std::vector<uint32_t> free_;  // places in the open blocks, rising
};

ByteTrie::ByteTrie(std::vector<TokenTable::Token> tokens) {
  for (const auto& token : tokens) {
    if (token.bytes.empty())
      throw Error(ErrorKind::kFormat, "id " + std::to_string(token.id) + ": an empty token");
  }
  Build(units_, sorted(tokens)).run();
}

}  // namespace rwkv
