// Drafts the tokens that followed the last time the text ended in the same tokens: for repetitive texts.
#pragma once
#include "session/drafter.h"

namespace rwkv {

// Searches the sequence for its last tokens, trying the longest run of kLookupRuns first.
class LookupDrafter final : public Drafter {
 public:
  std::unique_ptr<DraftMemory> follow(const Sequence& sequence,
                                      std::span<const TokenId> tokens) const override;
  void propose(std::span<DraftRequest> requests) override;
};

}  // namespace rwkv
