#include "text/bpe_tokenizer.h"

#include <functional>
#include <utility>

#include "core/error.h"
#include "text/bpe_cuts.h"
#include "text/gpt2_pieces.h"
#include "text/piece_cache.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

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
        raw_added_(parts.raw_added),
        normal_added_(parts.normal_added),
        cuts_(parts.normalization),
        normalization_(parts.normalization),
        pre_tokenizer_(std::move(parts.pre_tokenizer)),
        whole_pieces_(std::move(parts.whole_pieces)) {
    for (const TokenTable& added : {std::cref(parts.raw_added), std::cref(parts.normal_added)}) {
      added.for_each([&](std::string_view bytes, TokenId) { cuts_.add_token(bytes); });
    }
  }

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
  size_t last_cut(std::string_view text) const override { return is_gpt2_ ? cuts_.last(text) : 0; }

 private:
  struct Memory final : Scratch {
    PieceCache pieces;
    RegexScratch regex;
    std::vector<TokenId> merged;  // of the piece at hand
    // Where the text at hand stands in the stream, and in memory unless normalization has changed it.
    uint64_t text_offset = 0;
    const char* text = nullptr;
  };

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
      memory.text_offset = memory.offset + static_cast<uint64_t>(part.data() - text.data());
      if (is_plainly_normal(part, normalization_)) {
        memory.text = pre_tokenizer_.adds_space() ? nullptr : part.data();
        encode_normalized(part, ids, memory);
      } else {
        memory.text = nullptr;
        encode_normalized(normalized(part, normalization_), ids, memory);
      }
    };
    split(text, raw_added_, on_text, [&](TokenId id) { ids.push_back(id); });
  }

  void encode_normalized(std::string_view text, std::vector<TokenId>& ids, Memory& memory) const {
    const auto on_text = [&](std::string_view part) {
      if (!is_gpt2_) {
        return pre_tokenizer_.split(part, memory.regex,
                                    [&](std::string_view piece) { encode_piece(piece, ids, memory); });
      }
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
      merge(piece, memory);
      ids.insert(ids.end(), memory.merged.begin(), memory.merged.end());
      return;
    }
    const auto key = PieceCache::key_of(piece);
    auto known = memory.pieces.find(key);
    if (known.empty()) {
      merge(piece, memory);
      memory.pieces.put(key, memory.merged);
      known = memory.merged;
    }
    if (known.size() == 1) return ids.push_back(known[0]);
    ids.insert(ids.end(), known.begin(), known.end());
  }

  void merge(std::string_view piece, Memory& memory) const {
    if (!whole_pieces_.empty()) {
      const auto found = whole_pieces_.find(std::string(piece));
      if (found != whole_pieces_.end()) return memory.merged.assign(1, found->second);
    }
    if (const char* missing = find_byte_ids(piece, memory.merged)) {
      const uint64_t at =
          memory.text_offset + static_cast<uint64_t>(memory.text == nullptr ? 0 : missing - memory.text);
      throw Error(ErrorKind::kFormat, "byte " + std::to_string(at) +
                                          (memory.text == nullptr ? " or behind" : "") +
                                          ": the vocabulary has no token for " +
                                          std::to_string(static_cast<unsigned char>(*missing)));
    }
    merges_.apply(memory.merged);
  }

  std::array<std::optional<TokenId>, 256> byte_ids_;
  BpeMerges merges_;
  ByteTrie raw_added_, normal_added_;
  BpeCuts cuts_;
  Normalization normalization_;
  PreTokenizer pre_tokenizer_;
  bool is_gpt2_ = pre_tokenizer_.is_gpt2();
  std::unordered_map<std::string, TokenId> whole_pieces_;
};

}  // namespace

std::unique_ptr<const Tokenizer> make_bpe_tokenizer(BpeParts parts) {
  return std::make_unique<BpeTokenizer>(std::move(parts));
}

}  // namespace rwkv
