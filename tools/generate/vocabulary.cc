#include "generate/vocabulary.h"

#include "common/load_model.h"
#include "generate/token_output.h"

namespace rwkv {

std::unique_ptr<const Tokenizer> load_vocabulary(const char* tool, const std::string& path,
                                                 const Model& model, ContinuationOptions& options) {
  auto tokenizer = load_vocabulary_of(tool, path, model);
  options.bytes_of = [&vocabulary = *tokenizer](TokenId id) { return bytes_of_drawn(vocabulary, id); };
  options.sampler.n_tokens = tokenizer->vocab_size();
  options.constraints = std::make_shared<Constraints>(tokenizer->vocab_size(), options.bytes_of);
  return tokenizer;
}

}  // namespace rwkv
