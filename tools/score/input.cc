#include "score/input.h"

#include "core/read_some.h"

namespace rwkv {
namespace {

constexpr size_t kPartBytes = 1 << 16;

}  // namespace

ScoreInput::ScoreInput(const ScoreOptions& options, const Tokenizer* tokenizer, size_t n_vocab)
    : file_(options.file.value_or("-"), kPartBytes,
            options.text_in ? "text" : "token ids (for a text: -f or --text)") {
  if (options.text_in) {
    encoder_.emplace(*tokenizer);
  } else {
    ids_.emplace(file_.stream(),
                 IdReaderOptions{.format = options.ids, .vocab_size = n_vocab, .hint = kIdsHint});
    ids_->next_record();
  }
}

bool ScoreInput::read(std::vector<TokenId>& ids) {
  const bool found = file_.read([&] { return ids_ ? ids_->read(ids) : read_text(ids); });
  n_ids_ += found ? ids.size() : 0;
  return found;
}

bool ScoreInput::read_text(std::vector<TokenId>& ids) {
  ids.clear();
  std::vector<char> part(kPartBytes);
  while (ids.empty() && !text_ended_) {
    const size_t n = read_some(file_.stream(), part);
    text_ended_ = n == 0;
    text_ended_ ? encoder_->finish(ids) : encoder_->add({part.data(), n}, ids);
  }
  return !ids.empty();
}

uint64_t ScoreInput::n_expected() const {
  const double share = file_.share_read();
  return share > 0 ? static_cast<uint64_t>(static_cast<double>(n_ids_) / share) : 0;
}

}  // namespace rwkv
