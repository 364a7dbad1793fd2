#include "text/tokenizer.h"

#include <algorithm>

namespace rwkv {
namespace {

constexpr size_t kShortBytes = 1024;
constexpr size_t kMinShareBytes = 1 << 16;

}  // namespace

StreamEncoder::StreamEncoder(const Tokenizer& tokenizer, size_t n_threads)
    : tokenizer_(tokenizer), shares_(n_threads) {
  for (Share& share : shares_) share.scratch = tokenizer.make_scratch();
}

void StreamEncoder::refuse_invalid_utf8() {
  for (Share& share : shares_) share.scratch->refuses_invalid_utf8 = true;
}

void StreamEncoder::add(std::string_view part, std::vector<TokenId>& ids) {
  pending_ += part;
  if (pending_.size() < next_try_bytes_) return;
  const size_t n = encode_pending(ids);
  pending_.erase(0, n);
  offset_ += n;
  // A long text without a cut would be searched again and again.
  next_try_bytes_ = pending_.size() < kShortBytes ? 0 : 2 * pending_.size();
}

void StreamEncoder::finish(std::vector<TokenId>& ids) {
  shares_[0].scratch->offset = offset_;
  tokenizer_.encode_some(pending_, false, ids, shares_[0].scratch.get());
  offset_ += pending_.size();
  pending_.clear();
  next_try_bytes_ = 0;
}

size_t StreamEncoder::encode_pending(std::vector<TokenId>& ids) {
  const bool is_large = shares_.size() > 1 && pending_.size() >= 2 * kMinShareBytes;
  const auto last_cut = [&](std::string_view text) { return is_large ? tokenizer_.last_cut(text) : 0; };
  const auto rest = cut_shares(pending_, last_cut);
  if (rest.size() == pending_.size()) {  // no cut found, but leading tokens may already be final
    shares_[0].scratch->offset = offset_;
    return tokenizer_.encode_some(pending_, true, ids, shares_[0].scratch.get());
  }
  encode_shares([&](Share& share) {
    share.scratch->offset = share.offset;
    tokenizer_.encode_some(share.text, false, share.ids, share.scratch.get());
  });
  for (size_t i = 0; i < n_shares_; ++i) {
    ids.insert(ids.end(), shares_[i].ids.begin(), shares_[i].ids.end());
    if (shares_[i].error) std::rethrow_exception(shares_[i].error);
  }
  return pending_.size() - rest.size();
}

void StreamEncoder::add_texts(std::string_view texts, char separator, bool chomp,
                              const std::function<void(std::span<const TokenId>)>& on_text) {
  cut_shares(texts, [&](std::string_view text) { return text.rfind(separator) + 1; });
  encode_shares([&](Share& share) {
    while (!share.text.empty()) {
      const size_t end = share.text.find(separator);
      auto text = share.text.substr(0, end);
      if (chomp && text.ends_with('\n')) text.remove_suffix(1);
      share.scratch->offset = share.offset;
      tokenizer_.encode_some(text, false, share.ids, share.scratch.get());
      share.ends.push_back(share.ids.size());
      share.text.remove_prefix(end + 1);
      share.offset += end + 1;
    }
  });
  for (size_t i = 0; i < n_shares_; ++i) {
    const std::span<const TokenId> ids(shares_[i].ids);
    size_t begin = 0;
    for (const size_t end : shares_[i].ends) {
      on_text(ids.subspan(begin, end - begin));
      begin = end;
    }
    if (shares_[i].error) std::rethrow_exception(shares_[i].error);
  }
  offset_ += texts.size();
}

// Gives every thread a part that ends at a cut, and returns the rest. A short text is not divided.
template <class LastCut>
std::string_view StreamEncoder::cut_shares(std::string_view text, LastCut&& last_cut) {
  n_shares_ = std::clamp<size_t>(text.size() / kMinShareBytes, 1, shares_.size());
  const size_t share_bytes = text.size() / n_shares_;
  uint64_t offset = offset_;
  for (size_t i = 0; i < n_shares_; ++i) {
    const bool is_last = i + 1 == n_shares_ || text.size() <= share_bytes;
    const size_t end = last_cut(is_last ? text : text.substr(0, share_bytes));
    shares_[i].text = text.substr(0, end);
    shares_[i].offset = offset;
    offset += end;
    text.remove_prefix(end);
  }
  return text;
}

// An Error of one share waits until the shares before it were passed on.
template <class Encode>
void StreamEncoder::encode_shares(Encode&& encode) {
  const auto encode_share = [&](Share& share) {
    share.ids.clear();
    share.ends.clear();
    share.error = nullptr;
    try {
      encode(share);
    } catch (...) {
      share.error = std::current_exception();
    }
  };
  if (n_shares_ == 1) return encode_share(shares_[0]);
  if (!threads_) threads_.emplace(shares_.size());
  threads_->run([&](size_t thread) {
    for (size_t i = thread; i < n_shares_; i += threads_->size()) encode_share(shares_[i]);
  });
}

}  // namespace rwkv
