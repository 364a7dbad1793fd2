// Drafts by a second, faster model of the same vocabulary.
#pragma once
#include "session/drafter.h"

namespace rwkv {

// Draws as the sequence's own sampler would, with the same random numbers, from the draft model's logits.
class ModelDrafter final : public Drafter {
 public:
  // Keeps a reference to the model. `same_states`: the model is another form of the sequences' own model, so
  // each draft begins from their states, and the drafter reads nothing itself.
  ModelDrafter(const Model& model, size_t n_threads, bool same_states);

  std::unique_ptr<DraftMemory> follow(const Sequence& sequence,
                                      std::span<const TokenId> tokens) const override;
  void read(std::span<DraftRequest> requests) override;
  void propose(std::span<DraftRequest> requests) override;

 private:
  struct Memory;
  struct Drafting;
  Segment begin(DraftRequest& request) const;
  Segment step(Drafting& d) const;
  static void draw_one(Drafting& d, std::span<float> logits);
  void draw_next(std::span<Drafting> all, std::span<const Segment> segments);

  const Model& model_;
  bool same_states_;
  Workspace workspace_;
  std::vector<float> logits_;
};

}  // namespace rwkv
