// The tokens for rwkv-score, from the input that the options choose.
#pragma once
#include <optional>
#include <vector>

#include "common/input_file.h"
#include "ids/id_stream.h"
#include "score/options.h"
#include "text/tokenizer.h"

namespace rwkv {

class ScoreInput {
 public:
  // `tokenizer` may be null unless the input is text; it must outlive this. Error kIo: as InputFile.
  ScoreInput(const ScoreOptions& options, const Tokenizer* tokenizer, size_t n_vocab);

  // Replaces `ids` by the next ones as they arrive, at least one. False at the end. Error, its message
  // beginning with the name of the input.
  bool read(std::vector<TokenId>& ids);
  // The estimated number of ids, from the part read so far; 0 when the input's size is not known.
  uint64_t n_expected() const;

 private:
  bool read_text(std::vector<TokenId>& ids);

  InputFile file_;
  std::optional<IdReader> ids_;
  std::optional<StreamEncoder> encoder_;
  bool text_ended_ = false;
  uint64_t n_ids_ = 0;
};

}  // namespace rwkv
