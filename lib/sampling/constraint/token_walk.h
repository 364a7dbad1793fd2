// Which tokens may follow at a state of a recognizer.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "sampling/constraint/recognizer.h"
#include "sampling/constraint/token_trie.h"

namespace rwkv {

// A bit for each id.
class TokenSet {
 public:
  explicit TokenSet(size_t n_ids) : words_((n_ids + 63) / 64) {}
  void add(TokenId id) { words_[id / 64] |= uint64_t{1} << id % 64; }
  bool contains(TokenId id) const { return (words_[id / 64] >> id % 64 & 1) != 0; }
  void add_all(const TokenSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  std::span<const uint64_t> words() const { return words_; }
  bool operator==(const TokenSet&) const = default;

 private:
  std::vector<uint64_t> words_;
};

// Walks a vocabulary's trie and a recognizer together. The tokens that a rule allows by itself are computed
// once for all stacks below the rule; only tokens in which the rule ends are examined for each stack.
class TokenWalk {
 public:
  // Both outlive this.
  TokenWalk(const TokenTrie& tokens, Recognizer& recognizer);

  // The tokens whose bytes lead to a state that is not dead. Holds until it is dropped. Throws as
  // Recognizer::next().
  std::shared_ptr<const TokenSet> tokens_at(Recognizer::StateId state);
  // The same by a plain walk, without the results of rules.
  TokenSet walked_tokens_at(Recognizer::StateId state);
  size_t n_bytes() const { return (masks_.size() + alone_.size()) * (tokens_.n_ids() / 8 + 64); }

 private:
  struct Alone {  // a way in its rule, as if nothing were below
    TokenSet tokens;
    std::vector<uint32_t> ends;  // nodes at which the rule may end inside tokens
  };

  template <class OnEnd>
  void walk(size_t first, size_t end, size_t depth, Recognizer::StateId from, TokenSet& tokens,
            OnEnd&& on_end);
  const Alone& alone(Automaton::StateId way);
  void add_way(const StackSets::Entry& way, TokenSet& tokens);

  const TokenTrie& tokens_;
  Recognizer& recognizer_;
  std::vector<Recognizer::StateId> at_;  // by depth, of the walk at hand
  std::unordered_map<Automaton::StateId, Alone> alone_;
  std::unordered_map<Recognizer::StateId, std::shared_ptr<const TokenSet>> masks_;
};

}  // namespace rwkv
