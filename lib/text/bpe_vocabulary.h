// The tokens and merges of byte-level BPE, as files spell them.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

namespace rwkv {

struct BpeVocabulary {
  struct Token {
    uint32_t begin, size;  // in `text`
    uint64_t id;
  };
  struct Merge {
    uint32_t begin, left_size, right_size;  // the right token begins where the left one ends
  };
  std::string text;  // of all tokens
  std::vector<Token> tokens;
  std::vector<Merge> merges;

  std::string_view text_of(const Token& token) const { return {text.data() + token.begin, token.size}; }
};

// Finds tokens by their text. The vocabulary must outlive this and must not change.
class BpeTokenIndex {
 public:
  // Error kFormat: a token occurs twice.
  explicit BpeTokenIndex(const BpeVocabulary& vocabulary);

  // Null when there is none.
  const BpeVocabulary::Token* find(std::string_view text) const {
    const auto found = places_.find(text);
    return found == places_.end() ? nullptr : &vocabulary_.tokens[*found];
  }

 private:
  struct Texts {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    const BpeVocabulary& vocabulary;
    static std::string_view text_of(std::string_view text) { return text; }
    std::string_view text_of(uint32_t place) const { return vocabulary.text_of(vocabulary.tokens[place]); }
  };
  struct Hash : Texts {
    size_t operator()(auto key) const { return std::hash<std::string_view>()(this->text_of(key)); }
  };
  struct Equal : Texts {
    bool operator()(auto a, auto b) const { return this->text_of(a) == this->text_of(b); }
  };

  const BpeVocabulary& vocabulary_;
  boost::unordered_flat_set<uint32_t, Hash, Equal> places_;  // indices of vocabulary_.tokens
};

}  // namespace rwkv
