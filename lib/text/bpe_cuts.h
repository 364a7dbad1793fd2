// Finds places where a text for byte-level BPE can be cut.
#pragma once
#include <cstddef>
#include <string_view>

#include "text/inner_pairs.h"
#include "text/unicode.h"

namespace rwkv {

// A cut lies between two characters of different classes, where a piece of GPT-2's pattern always ends, no
// added token spans the place, and the normal form changes neither character: the ids of both parts are those
// of the whole text. Runs of letters, and white space with the next word, have no cut inside.
class BpeCuts {
 public:
  explicit BpeCuts(Normalization form) : form_(form) {}
  void add_token(std::string_view added);
  // The last cut before the end of `text` (any bytes); 0 when there is none.
  size_t last(std::string_view text) const;

 private:
  bool is_cut(std::string_view text, size_t at) const;

  Normalization form_;
  InnerPairs pairs_;                    // of the added tokens
  bool tokens_go_on_at_space_ = false;  // an added token has ASCII white space that is not at its beginning
};

}  // namespace rwkv
