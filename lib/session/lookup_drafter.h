// Drafts what followed the last time that the text went as it goes now: for texts that repeat themselves.
#pragma once
#include "session/drafter.h"

namespace rwkv {

// Looks the last tokens, the longest run of kLookupRuns first, up in the tokens of the sequence so far.
class LookupDrafter final : public Drafter {
 public:
  std::unique_ptr<DraftMemory> follow(const Sequence& sequence,
                                      std::span<const TokenId> tokens) const override;
  void propose(std::span<DraftRequest> requests) override;
};

}  // namespace rwkv
