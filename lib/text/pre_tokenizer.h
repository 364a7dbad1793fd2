// Cuts a text into pieces, inside which pairs of bytes are merged.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/regex.h"

namespace rwkv {

// What happens to the matches of a Split; the names are those of the package `tokenizers`.
enum class SplitBehavior : uint8_t { kIsolated, kRemoved, kContiguous, kMergedWithPrevious, kMergedWithNext };

// Each step cuts the pieces of the step before.
struct PieceStep {
  enum Kind : uint8_t { kNone, kGpt2, kRegex } kind = kNone;
  bool adds_space = false;  // puts a space in front of a text that begins without one, before the cut
  std::optional<Regex> regex = {};
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // exchanges matches and the texts between them
};

class PreTokenizer {
 public:
  PreTokenizer() = default;  // a text is one piece
  // The pre_tokenizer of a tokenizer.json, as JSON. Error kUnsupported: an unknown kind, or none that maps
  // the text to bytes; kFormat.
  static PreTokenizer parse(std::string_view json);

  // Calls on_piece(piece) for the pieces of a text, valid UTF-8, in order. Pieces lie in `text` unless
  // adds_space().
  void split(std::string_view text, RegexScratch& scratch,
             const std::function<void(std::string_view)>& on_piece) const;

  bool is_gpt2() const;  // whether the pieces equal those of gpt2_piece_bytes()
  bool adds_space() const;

 private:
  explicit PreTokenizer(std::vector<PieceStep> steps) : steps_(std::move(steps)) {}

  std::vector<PieceStep> steps_;
};

}  // namespace rwkv
