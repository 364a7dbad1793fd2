#include "convert/calibration_text.h"

#include "common/input_file.h"
#include "common/signals.h"
#include "core/error.h"
#include "core/read_some.h"
#include "ids/id_stream.h"

namespace rwkv {
namespace {

constexpr size_t kPartBytes = 1 << 16;

std::vector<TokenId> read_ids(std::istream& in, const Tokenizer* tokenizer, size_t n_vocab) {
  if (tokenizer == nullptr) {
    IdReader reader(in, {.vocab_size = n_vocab, .hint = " (for a text: -v VOCAB)"});
    reader.next_record();
    return reader.read_all();
  }
  return tokenizer->encode(read_all(in));
}

}  // namespace

std::vector<TokenId> read_calibration_text(const std::string& path, const Tokenizer* tokenizer,
                                           size_t n_vocab) {
  InputFile file(path, kPartBytes, tokenizer != nullptr ? "text" : "token ids (for a text: -v VOCAB)");
  auto ids = file.read([&] {
    auto all = read_ids(file.stream(), tokenizer, n_vocab);
    if (all.empty()) throw Error(ErrorKind::kFormat, "holds no token to calibrate with");
    return all;
  });
  if (stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
  return ids;
}

}  // namespace rwkv
