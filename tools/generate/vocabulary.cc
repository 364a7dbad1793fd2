#include "generate/vocabulary.h"

#include "common/signals.h"
#include "core/error.h"
#include "generate/token_output.h"

namespace rwkv {

std::unique_ptr<const Tokenizer> load_vocabulary(const std::string& path, size_t n_vocab,
                                                 ContinuationOptions& options) {
  auto tokenizer = Tokenizer::load(path, stop_requested);
  with_context(path, [&] { tokenizer->check_fits(n_vocab); });
  options.bytes_of = [&vocabulary = *tokenizer](TokenId id) { return bytes_of_drawn(vocabulary, id); };
  options.sampler.n_tokens = tokenizer->vocab_size();
  return tokenizer;
}

}  // namespace rwkv
