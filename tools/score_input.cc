#include "score_input.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "core/error.h"
#include "core/read_some.h"

namespace rwkv {
namespace {

constexpr size_t kPartBytes = 1 << 16;

bool is_a_file(const ScoreOptions& options) { return options.file && *options.file != "-"; }

uint64_t standard_input_position() {
  return static_cast<uint64_t>(std::max(off_t{0}, ::lseek(STDIN_FILENO, 0, SEEK_CUR)));
}

// 0 where the input is no regular file.
uint64_t size_of_input(const ScoreOptions& options) {
  struct stat status {};
  const int error =
      is_a_file(options) ? ::stat(options.file->c_str(), &status) : ::fstat(STDIN_FILENO, &status);
  return error == 0 && S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
}

}  // namespace

ScoreInput::ScoreInput(const ScoreOptions& options, const Tokenizer* tokenizer, size_t n_vocab)
    : in_(is_a_file(options) ? static_cast<std::istream&>(file_) : std::cin),
      input_bytes_(size_of_input(options)),
      input_begin_(is_a_file(options) ? 0 : standard_input_position()) {
  if (is_a_file(options)) {
    name_ = *options.file;
    file_.open(name_, std::ios::binary);
    if (!file_) throw Error(ErrorKind::kIo, name_ + ": " + std::strerror(errno));
  }
  if (options.text_in) {
    encoder_.emplace(*tokenizer);
  } else {
    ids_.emplace(in_, IdReaderOptions{.format = options.ids, .vocab_size = n_vocab});
    ids_->next_record();
  }
}

bool ScoreInput::read(std::vector<TokenId>& ids) {
  const bool found = with_context(name_, [&] { return ids_ ? ids_->read(ids) : read_text(ids); });
  n_ids_ += found ? ids.size() : 0;
  return found;
}

bool ScoreInput::read_text(std::vector<TokenId>& ids) {
  ids.clear();
  std::vector<char> part(kPartBytes);
  while (ids.empty() && !text_ended_) {
    const size_t n = read_some(in_, part);
    n_bytes_ += n;
    text_ended_ = n == 0;
    text_ended_ ? encoder_->finish(ids) : encoder_->add({part.data(), n}, ids);
  }
  return !ids.empty();
}

uint64_t ScoreInput::n_expected() const {
  const uint64_t n_bytes = encoder_ ? n_bytes_ : standard_input_position() - input_begin_;
  if (input_bytes_ <= input_begin_ || n_bytes == 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(n_ids_) *
                               static_cast<double>(input_bytes_ - input_begin_) /
                               static_cast<double>(n_bytes));
}

}  // namespace rwkv
