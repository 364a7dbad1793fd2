#include "core/thread_pool.h"
#include "text/tokenizer.h"

namespace rwkv {
namespace {

constexpr size_t kShortBytes = 1024;
constexpr size_t kMinShareBytes = 1 << 16;

}  // namespace

StreamEncoder::StreamEncoder(const Tokenizer& tokenizer, ThreadPool* threads)
    : tokenizer_(tokenizer), threads_(threads), shares_(threads == nullptr ? 1 : threads->size()) {
  for (Share& share : shares_) share.scratch = tokenizer.make_scratch();
}

void StreamEncoder::refuse_invalid_utf8() {
  for (Share& share : shares_) share.scratch->refuses_invalid_utf8 = true;
}

void StreamEncoder::add(std::string_view part, std::vector<TokenId>& ids) {
  pending_ += part;
  if (pending_.size() < next_try_bytes_) return;
  const size_t n =
      pending_.size() / 2 < kMinShareBytes || shares_.size() == 1 ? encode(ids) : encode_shared(ids);
  pending_.erase(0, n);
  offset_ += n;
  // A long text that can be cut nowhere would be searched again and again.
  next_try_bytes_ = pending_.size() < kShortBytes ? 0 : 2 * pending_.size();
}

size_t StreamEncoder::encode(std::vector<TokenId>& ids) {
  shares_[0].scratch->offset = offset_;
  return tokenizer_.encode_some(pending_, true, ids, shares_[0].scratch.get());
}

// Gives every thread a part that ends at a cut, and returns what is left over for the first: its end is open.
std::string_view StreamEncoder::cut_shares(std::string_view text) {
  const size_t share_bytes = std::max(kMinShareBytes, text.size() / shares_.size());
  uint64_t offset = offset_;
  for (Share& share : shares_) {
    const bool is_last = &share == &shares_.back();
    const size_t end = is_last || text.size() <= share_bytes
                           ? tokenizer_.last_cut(text)
                           : tokenizer_.last_cut(text.substr(0, share_bytes));
    share.text = text.substr(0, end);
    share.scratch->offset = offset;
    offset += end;
    text.remove_prefix(end);
  }
  return text;
}

size_t StreamEncoder::encode_shared(std::vector<TokenId>& ids) {
  const auto rest = cut_shares(pending_);
  threads_->run([&](size_t thread) {
    Share& share = shares_[thread];
    share.ids.clear();
    share.error = nullptr;
    try {
      tokenizer_.encode_some(share.text, false, share.ids, share.scratch.get());
    } catch (...) {
      share.error = std::current_exception();
    }
  });
  for (const Share& share : shares_) {
    ids.insert(ids.end(), share.ids.begin(), share.ids.end());
    if (share.error) std::rethrow_exception(share.error);
  }
  return pending_.size() - rest.size();
}

void StreamEncoder::finish(std::vector<TokenId>& ids) {
  shares_[0].scratch->offset = offset_;
  tokenizer_.encode_some(pending_, false, ids, shares_[0].scratch.get());
  offset_ += pending_.size();
  pending_.clear();
  next_try_bytes_ = 0;
}

}  // namespace rwkv
