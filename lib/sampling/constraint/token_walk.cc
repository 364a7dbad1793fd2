#include "sampling/constraint/token_walk.h"

#include <algorithm>
#include <utility>

namespace rwkv {
namespace {

// A state of more ways is walked as one.
constexpr size_t kFewWays = 16;

}  // namespace

using StateId = Recognizer::StateId;

TokenWalk::TokenWalk(const TokenTrie& tokens, Recognizer& recognizer)
    : tokens_(tokens), recognizer_(recognizer), at_(tokens.longest() + 1) {}

// The nodes from `first` to `end`, which stand below a node of this depth. on_end(node, state) is called
// where a text may end, and says whether the walk goes on below the node.
template <class OnEnd>
void TokenWalk::walk(size_t first, size_t end, size_t depth, StateId from, TokenSet& tokens, OnEnd&& on_end) {
  at_[depth] = from;
  for (size_t i = first; i < end;) {
    const TokenTrie::Node& node = tokens_.node(i);
    const StateId state = recognizer_.next(at_[node.depth - 1], node.byte);
    if (state == Recognizer::kDead) {
      i = node.end;
      continue;
    }
    for (const TokenId id : tokens_.tokens(i)) tokens.add(id);
    at_[node.depth] = state;
    const bool goes_on = !recognizer_.may_end(state) || on_end(i, state);
    i = goes_on ? i + 1 : node.end;
  }
}

TokenSet TokenWalk::walked_tokens_at(StateId state) {
  TokenSet tokens(tokens_.n_ids());
  walk(0, tokens_.n_nodes(), 0, state, tokens, [](size_t, StateId) { return true; });
  return tokens;
}

const TokenWalk::Alone& TokenWalk::alone(Automaton::StateId way) {
  if (const auto known = alone_.find(way); known != alone_.end()) return known->second;
  Alone found{TokenSet(tokens_.n_ids()), {}};
  walk(0, tokens_.n_nodes(), 0, recognizer_.alone(way), found.tokens, [&](size_t node, StateId state) {
    if (tokens_.has_children(node)) found.ends.push_back(static_cast<uint32_t>(node));
    return recognizer_.may_go_on(state);
  });
  return alone_.emplace(way, std::move(found)).first->second;
}

void TokenWalk::add_way(const StackSets::Entry& way, TokenSet& tokens) {
  const Alone& inside = alone(way.state);
  tokens.add_all(inside.tokens);
  const StateId above = inside.ends.empty() ? Recognizer::kDead : recognizer_.above(way.below);
  if (!recognizer_.may_go_on(above)) return;
  for (const uint32_t node : inside.ends)
    walk(node + 1, tokens_.node(node).end, tokens_.node(node).depth, above, tokens,
         [](size_t, StateId) { return true; });
}

std::shared_ptr<const TokenSet> TokenWalk::tokens_at(StateId state) {
  if (const auto known = masks_.find(state); known != masks_.end()) return known->second;
  const auto span = recognizer_.ways(state);
  const std::vector<StackSets::Entry> ways(span.begin(), span.end());
  auto tokens = std::make_shared<TokenSet>(tokens_.n_ids());
  if (ways.size() <= kFewWays && recognizer_.can_stand_alone(recognizer_.depth(state), tokens_.longest())) {
    for (const auto& way : ways) {
      if (way.state != Automaton::kAccept) add_way(way, *tokens);
    }
  } else {
    *tokens = walked_tokens_at(state);
  }
  return masks_[state] = std::move(tokens);
}

}  // namespace rwkv
