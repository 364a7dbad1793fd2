#include "text/byte_trie.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/error.h"

namespace rwkv {

// Lays out the nodes level by level; each covers a range of the sorted tokens, which begin with its bytes.
struct ByteTrie::Build {
  struct Range {
    size_t begin, end, depth;
  };
  ByteTrie& trie;
  const std::vector<TokenTable::Token>& tokens;
  std::vector<Range> ranges;  // of each node

  void add_node(char label, const Range& range) {
    trie.nodes_.emplace_back();
    trie.labels_.push_back(label);
    ranges.push_back(range);
  }

  // The token that ends at a node comes first in its range.
  void take_token(Node& node, Range& range) const {
    if (tokens[range.begin].bytes.size() != range.depth) return;
    node.has_token = true;
    node.id = tokens[range.begin++].id;
    if (range.begin < range.end && tokens[range.begin].bytes.size() == range.depth) {
      throw Error(ErrorKind::kFormat, "ids " + std::to_string(node.id) + " and " +
                                          std::to_string(tokens[range.begin].id) + " have the same bytes");
    }
  }

  void add_children(size_t parent) {
    const auto [begin, end, depth] = ranges[parent];
    for (size_t first = begin, last; first < end; first = last) {
      const char label = tokens[first].bytes[depth];
      for (last = first; last < end && tokens[last].bytes[depth] == label;) ++last;
      add_node(label, {first, last, depth + 1});
      ++trie.nodes_[parent].n_children;
    }
  }

  void run() {
    add_node('\0', {0, tokens.size(), 0});
    for (size_t i = 0; i < trie.nodes_.size(); ++i) {
      if (i > 0) take_token(trie.nodes_[i], ranges[i]);
      trie.nodes_[i].first_child = static_cast<uint32_t>(trie.nodes_.size());
      add_children(i);
    }
  }
};

ByteTrie::ByteTrie(std::vector<TokenTable::Token> tokens) {
  for (const auto& token : tokens) {
    if (token.bytes.empty())
      throw Error(ErrorKind::kFormat, "id " + std::to_string(token.id) + ": an empty token");
    longest_token_bytes_ = std::max(longest_token_bytes_, token.bytes.size());
  }
  std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  Build{*this, tokens, {}}.run();
  for (size_t i = 0; i < nodes_[0].n_children; ++i) {
    const uint32_t node = nodes_[0].first_child + static_cast<uint32_t>(i);
    root_[static_cast<unsigned char>(labels_[node])] = node;
  }
}

uint32_t ByteTrie::child(const Node& node, char c) const {
  if (node.n_children == 0) return 0;
  const char* labels = labels_.data() + node.first_child;
  if (node.n_children == 1) return *labels == c ? node.first_child : 0;
  const void* found = std::memchr(labels, c, node.n_children);
  if (found == nullptr) return 0;
  return node.first_child + static_cast<uint32_t>(static_cast<const char*>(found) - labels);
}

ByteTrie::Match ByteTrie::longest(std::string_view text) const {
  Match best{0, 0};
  if (text.empty()) return best;
  uint32_t node = root_[static_cast<unsigned char>(text[0])];
  for (size_t depth = 1; node != 0; ++depth) {
    if (nodes_[node].has_token) best = {nodes_[node].id, depth};
    if (depth == text.size()) break;
    node = child(nodes_[node], text[depth]);
  }
  return best;
}

}  // namespace rwkv
