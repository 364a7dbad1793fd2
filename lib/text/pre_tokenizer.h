// How a text is cut into pieces before pairs of bytes are merged.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/regex.h"

namespace rwkv {

// What becomes of the matches of a Split, as the package `tokenizers` calls it.
enum class SplitBehavior : uint8_t { kIsolated, kRemoved, kContiguous, kMergedWithPrevious, kMergedWithNext };

// Each step cuts the pieces of the one before.
struct PieceStep {
  enum Kind : uint8_t { kNone, kGpt2, kRegex } kind = kNone;
  bool adds_space = false;  // in front of what begins with none, before it is cut
  std::optional<Regex> regex = {};
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // matches and what stands between them change roles
};

class PreTokenizer {
 public:
  PreTokenizer() = default;  // a text is one piece
  // The pre_tokenizer of a tokenizer.json, as JSON. Error kUnsupported: a kind that is not known, or none
  // that makes bytes of the text; kFormat.
  static PreTokenizer parse(std::string_view json);

  // Calls on_piece(piece) for the pieces of a text, valid UTF-8, in order. They lie in `text` unless
  // adds_space().
  void split(std::string_view text, RegexScratch& scratch,
             const std::function<void(std::string_view)>& on_piece) const;

  bool is_gpt2() const;  // whether the pieces are gpt2_piece_bytes()'
  bool adds_space() const;

 private:
  explicit PreTokenizer(std::vector<PieceStep> steps) : steps_(std::move(steps)) {}

  std::vector<PieceStep> steps_;
};

}  // namespace rwkv
