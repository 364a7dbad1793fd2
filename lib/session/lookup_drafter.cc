#include "session/lookup_drafter.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace rwkv {
namespace {

constexpr std::array<size_t, 3> kLookupRuns = {6, 4, 2};

class Text final : public DraftMemory {
 public:
  void add(std::span<const TokenId> tokens) override {
    for (const TokenId token : tokens) {
      tokens_.push_back(token);
      index_end();
    }
  }

  // What followed the latest earlier place that ends as the text does; at most n tokens.
  std::vector<TokenId> continuation(size_t n) const {
    const size_t place = earlier_place();
    if (place == 0) return {};
    const auto first = tokens_.begin() + static_cast<ptrdiff_t>(place);
    return {first, first + static_cast<ptrdiff_t>(std::min(n, tokens_.size() - place))};
  }

 private:
  // The latest places behind a run of one length, and the ones before: the latest is the text's own end.
  struct Places {
    size_t last = 0, before = 0;
  };
  using Index = std::unordered_map<uint64_t, Places>;

  uint64_t hash_of_run(size_t place, size_t length) const {
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = place - length; i < place; ++i) hash = (hash ^ tokens_[i]) * 0x100000001b3;
    return hash;
  }

  void index_end() {
    const size_t end = tokens_.size();
    for (size_t i = 0; i < kLookupRuns.size(); ++i) {
      if (end < kLookupRuns[i]) continue;
      Places& places = indices_[i][hash_of_run(end, kLookupRuns[i])];
      places = {end, places.last};
    }
  }

  // Behind which the text goes on as it may now; 0: none. Hashes are not compared further: a wrong guess is
  // harmless.
  size_t earlier_place() const {
    const size_t end = tokens_.size();
    for (size_t i = 0; i < kLookupRuns.size(); ++i) {
      if (end < kLookupRuns[i]) continue;
      const auto found = indices_[i].find(hash_of_run(end, kLookupRuns[i]));
      if (found != indices_[i].end() && found->second.before != 0) return found->second.before;
    }
    return 0;
  }

  std::vector<TokenId> tokens_;
  std::array<Index, kLookupRuns.size()> indices_;
};

}  // namespace

std::unique_ptr<DraftMemory> LookupDrafter::follow(const Sequence& /*sequence*/,
                                                   std::span<const TokenId> tokens) const {
  auto text = std::make_unique<Text>();
  text->add(tokens);
  return text;
}

void LookupDrafter::propose(std::span<DraftRequest> requests) {
  for (DraftRequest& request : requests)
    request.tokens = static_cast<const Text*>(request.memory)->continuation(request.n_tokens);
}

}  // namespace rwkv
