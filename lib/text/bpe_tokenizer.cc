#include "text/bpe_tokenizer.h"

#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/error.h"
#include "text/gpt2_pieces.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Whether the character that ends before `at` is white space.
bool is_behind_space(std::string_view text, size_t at) {
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
  const Utf8Step step = utf8_step(text.substr(begin, at - begin));
  return step.kind == Utf8Step::kCharacter && begin + step.bytes == at &&
         char_class(step.code) == CharClass::kSpace;
}

// Where white space follows something else. Nothing before such a place depends on what is behind it, and the
// other way round: characters do not combine with ASCII behind them, and no piece of GPT-2's pattern goes on
// into white space, nor looks at what stood before it.
bool is_cut(std::string_view text, size_t at) {
  return is_ascii_space(text[at]) && !is_behind_space(text, at);
}

// The last cut; 0 when there is none.
size_t last_cut(std::string_view text) {
  size_t at = text.empty() ? 0 : text.size() - 1;
  while (at > 0 && !is_cut(text, at)) --at;
  return at;
}

// Calls on_text(part) for what stands between tokens of `trie`, on_token(id) for them: leftmost, then longest
// first.
template <class OnText, class OnToken>
void split(std::string_view text, const ByteTrie& trie, OnText&& on_text, OnToken&& on_token) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const auto match = trie.begins_token(text[at]) ? trie.longest(text.substr(at)) : ByteTrie::Match{0, 0};
    if (match.bytes == 0) {
      ++at;
      continue;
    }
    if (at > begin) on_text(text.substr(begin, at - begin));
    on_token(match.id);
    begin = at += match.bytes;
  }
  if (begin < text.size()) on_text(text.substr(begin));
}

class BpeTokenizer final : public Tokenizer {
 public:
  explicit BpeTokenizer(BpeParts parts)
      : Tokenizer(std::move(parts.tokens)),
        byte_ids_(parts.byte_ids),
        merges_(std::move(parts.merges)),
        can_cut_(!has_cut(parts.raw_added) && !has_cut(parts.normal_added)),
        raw_added_(trie_of(parts.raw_added)),
        normal_added_(trie_of(parts.normal_added)),
        normalizes_(parts.normalizes) {
    for (const TokenId id : parts.model_ids) add_whole_piece(id);
  }

  std::string_view kind() const override { return "byte-level BPE"; }
  InvalidUtf8 invalid_output() const override { return InvalidUtf8::kReplace; }

  size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids) const override {
    const size_t end = !more_follows ? text.size() : can_cut_ ? last_cut(text) : 0;
    const auto part = text.substr(0, end);
    if (is_valid_utf8(part)) {
      encode_valid(part, ids);
    } else {
      encode_valid(replace_invalid_utf8(part), ids);
    }
    return end;
  }

 private:
  static bool has_cut(const std::vector<AddedToken>& added) {
    return std::any_of(added.begin(), added.end(),
                       [](const auto& token) { return last_cut(token.text) > 0; });
  }

  static ByteTrie trie_of(const std::vector<AddedToken>& added) {
    std::vector<TokenTable::Token> tokens;
    for (const auto& token : added) tokens.push_back({token.text, token.id});
    return ByteTrie(std::move(tokens));
  }

  // Pieces that merge into one token are most pieces of a text; a look-up is quicker than the merges.
  void add_whole_piece(TokenId id) {
    const auto bytes = tokens().at(id);
    std::vector<TokenId> merged;
    if (find_byte_ids(bytes, merged) != nullptr) return;
    merges_.apply(merged);
    if (merged == std::vector{id}) whole_pieces_.emplace(bytes, id);
  }

  // Null, or the first byte that has no token.
  const char* find_byte_ids(std::string_view bytes, std::vector<TokenId>& ids) const {
    ids.clear();
    for (const char& byte : bytes) {
      const auto& id = byte_ids_[static_cast<unsigned char>(byte)];
      if (!id) return &byte;
      ids.push_back(*id);
    }
    return nullptr;
  }

  void encode_valid(std::string_view text, std::vector<TokenId>& ids) const {
    const auto on_token = [&](TokenId id) { ids.push_back(id); };
    const auto on_text = [&](std::string_view part) { encode_normalized(part, ids); };
    split(
        text, raw_added_, [&](auto part) { on_text(normalizes_ ? nfc(part) : std::string(part)); }, on_token);
  }

  // The ids of the pieces that occurred in one text.
  struct Cache {
    struct Range {
      size_t begin, size;
    };
    std::vector<TokenId> ids;
    boost::unordered_flat_map<std::string_view, Range> ranges;  // keys look into the text
  };

  void encode_normalized(std::string_view text, std::vector<TokenId>& ids) const {
    Cache cache;
    const auto on_text = [&](std::string_view part) {
      while (!part.empty()) {
        const size_t n = gpt2_piece_bytes(part);
        encode_piece(part.substr(0, n), ids, cache);
        part.remove_prefix(n);
      }
    };
    split(text, normal_added_, on_text, [&](TokenId id) { ids.push_back(id); });
  }

  void encode_piece(std::string_view piece, std::vector<TokenId>& ids, Cache& cache) const {
    if (const auto whole = whole_pieces_.find(piece); whole != whole_pieces_.end())
      return ids.push_back(whole->second);
    const auto [entry, is_new] = cache.ranges.try_emplace(piece);
    if (is_new) {
      const auto merged = merge(piece);
      entry->second = {cache.ids.size(), merged.size()};
      cache.ids.insert(cache.ids.end(), merged.begin(), merged.end());
    }
    const auto first = cache.ids.begin() + static_cast<ptrdiff_t>(entry->second.begin);
    ids.insert(ids.end(), first, first + static_cast<ptrdiff_t>(entry->second.size));
  }

  std::vector<TokenId> merge(std::string_view piece) const {
    std::vector<TokenId> merged;
    if (const char* missing = find_byte_ids(piece, merged)) {
      throw Error(ErrorKind::kFormat, "the vocabulary has no token for byte " +
                                          std::to_string(static_cast<unsigned char>(*missing)) +
                                          " of the text");
    }
    merges_.apply(merged);
    return merged;
  }

  std::array<std::optional<TokenId>, 256> byte_ids_;
  BpeMerges merges_;
  bool can_cut_;
  ByteTrie raw_added_, normal_added_;
  bool normalizes_;
  boost::unordered_flat_map<std::string_view, TokenId> whole_pieces_;  // keys look into tokens()
};

}  // namespace

std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeParts parts) {
  return std::make_unique<BpeTokenizer>(std::move(parts));
}

}  // namespace rwkv
