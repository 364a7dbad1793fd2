#include "text/bpe_tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "text/gpt2_pieces.h"
#include "text/piece_cache.h"
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
size_t last_cut_of(std::string_view text) {
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
        normalizes_(parts.normalizes) {}

  std::string_view kind() const override { return "byte-level BPE"; }
  InvalidUtf8 invalid_output() const override { return InvalidUtf8::kReplace; }

  size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids,
                     Scratch* scratch) const override {
    const size_t end = more_follows ? last_cut(text) : text.size();
    const auto part = text.substr(0, end);
    auto& memory = static_cast<Memory&>(*scratch);
    const size_t invalid = find_invalid_utf8(part);
    if (invalid == std::string_view::npos) {
      encode_valid(part, ids, memory);
    } else if (scratch->refuses_invalid_utf8) {
      throw Error(ErrorKind::kFormat, "byte " + std::to_string(scratch->offset + invalid) +
                                          ": not UTF-8, which this vocabulary needs");
    } else {
      encode_valid(replace_invalid_utf8(part), ids, memory);
    }
    return end;
  }

  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<Memory>(); }
  size_t last_cut(std::string_view text) const override { return can_cut_ ? last_cut_of(text) : 0; }

 private:
  struct Memory final : Scratch {
    PieceCache pieces;
    std::vector<TokenId> merged;  // of the piece at hand
  };

  static bool has_cut(const std::vector<AddedToken>& added) {
    return std::any_of(added.begin(), added.end(),
                       [](const auto& token) { return last_cut_of(token.text) > 0; });
  }

  static ByteTrie trie_of(const std::vector<AddedToken>& added) {
    std::vector<TokenTable::Token> tokens;
    for (const auto& token : added) tokens.push_back({token.text, token.id});
    return ByteTrie(tokens);
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

  void encode_valid(std::string_view text, std::vector<TokenId>& ids, Memory& memory) const {
    const auto on_text = [&](std::string_view part) {
      if (!normalizes_ || is_plainly_nfc(part)) {
        encode_normalized(part, ids, memory);
      } else {
        encode_normalized(nfc(part), ids, memory);
      }
    };
    split(text, raw_added_, on_text, [&](TokenId id) { ids.push_back(id); });
  }

  void encode_normalized(std::string_view text, std::vector<TokenId>& ids, Memory& memory) const {
    const auto on_text = [&](std::string_view part) {
      while (!part.empty()) {
        const size_t n = gpt2_piece_bytes(part);
        encode_piece(part.substr(0, n), ids, memory);
        part.remove_prefix(n);
      }
    };
    split(text, normal_added_, on_text, [&](TokenId id) { ids.push_back(id); });
  }

  void encode_piece(std::string_view piece, std::vector<TokenId>& ids, Memory& memory) const {
    if (piece.size() > PieceCache::kMaxBytes) {
      merge(piece, memory.merged);
      ids.insert(ids.end(), memory.merged.begin(), memory.merged.end());
      return;
    }
    const auto key = PieceCache::key_of(piece);
    auto known = memory.pieces.find(key);
    if (known.empty()) {
      merge(piece, memory.merged);
      memory.pieces.put(key, memory.merged);
      known = memory.merged;
    }
    if (known.size() == 1) return ids.push_back(known[0]);
    ids.insert(ids.end(), known.begin(), known.end());
  }

  void merge(std::string_view piece, std::vector<TokenId>& merged) const {
    if (const char* missing = find_byte_ids(piece, merged)) {
      throw Error(ErrorKind::kFormat, "the vocabulary has no token for byte " +
                                          std::to_string(static_cast<unsigned char>(*missing)) +
                                          " of the text");
    }
    merges_.apply(merged);
  }

  std::array<std::optional<TokenId>, 256> byte_ids_;
  BpeMerges merges_;
  bool can_cut_;
  ByteTrie raw_added_, normal_added_;
  bool normalizes_;
};

}  // namespace

std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeParts parts) {
  return std::make_unique<BpeTokenizer>(std::move(parts));
}

}  // namespace rwkv
