#include "session/model_drafter.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace rwkv {

// `state` stands after all tokens but those of `waiting`. Behind it lie the states that the last draft went
// through: what is drawn as it was drafted need not be fed again.
struct ModelDrafter::Memory final : DraftMemory {
  struct Step {
    TokenId fed = 0;
    State after{};
  };
  State state;
  std::vector<TokenId> waiting;
  std::vector<Step> steps;  // of which [next_step, n_steps) are ahead; the others' memory is used again
  size_t next_step = 0, n_steps = 0;

  void add(std::span<const TokenId> tokens) override {
    for (const TokenId token : tokens) {
      if (next_step < n_steps && steps[next_step].fed == token) {
        std::swap(state, steps[next_step++].after);
      } else {
        next_step = n_steps = 0;
        waiting.push_back(token);
      }
    }
  }

  // The segment that feeds `token` behind the draft so far.
  Segment step(TokenId token) {
    if (n_steps == steps.size()) steps.emplace_back();
    Step& next = steps[n_steps];
    next.fed = token;
    next.after = n_steps == 0 ? state : steps[n_steps - 1].after;
    ++n_steps;
    return {.tokens = {&next.fed, 1}, .state = &next.after};
  }
};

struct ModelDrafter::Drafting {
  DraftRequest* request;
  Memory* memory;
  SamplerState sampler;
};

ModelDrafter::ModelDrafter(const Model& model, size_t n_threads, bool same_states)
    : model_(model), same_states_(same_states), workspace_(n_threads) {}

std::unique_ptr<DraftMemory> ModelDrafter::follow(const Sequence& sequence,
                                                  std::span<const TokenId> tokens) const {
  auto memory = std::make_unique<Memory>();
  memory->state = same_states_ ? sequence.state : model_.initial_state();
  if (sequence.pending && (same_states_ || tokens.empty())) tokens = {&*sequence.pending, 1};
  memory->waiting.assign(tokens.begin(), tokens.end());
  return memory;
}

void ModelDrafter::propose(std::span<DraftRequest> requests) {
  std::vector<Drafting> drafting;
  std::vector<Segment> segments;
  for (DraftRequest& request : requests) {
    auto& memory = static_cast<Memory&>(*request.memory);
    request.tokens.clear();
    if (request.n_tokens == 0 || memory.waiting.empty()) continue;
    memory.next_step = memory.n_steps = 0;
    segments.push_back({.tokens = memory.waiting, .state = &memory.state});
    drafting.push_back({&request, &memory, request.continuation->sequence().sampler});
  }
  if (drafting.empty()) return;
  draw_next(drafting, segments);
  for (Drafting& d : drafting) d.memory->waiting.clear();
  for (size_t n = 1;; ++n) {
    std::erase_if(drafting, [&](const Drafting& d) { return d.request->n_tokens <= n; });
    if (drafting.empty()) return;
    for (Drafting& d : drafting) d.memory->steps.reserve(d.request->n_tokens);  // segments point into it
    segments.clear();
    for (Drafting& d : drafting) segments.push_back(d.memory->step(d.request->tokens.back()));
    draw_next(drafting, segments);
  }
}

void ModelDrafter::draw_one(Drafting& d, std::span<float> logits) {
  try {
    d.request->tokens.push_back(d.request->continuation->rehearse(logits, d.sampler));
  } catch (const Error&) {
    d.request->n_tokens = 0;  // nothing can be drawn from these logits: the draft ends here
  }
}

// Feeds a segment for each, and draws what follows.
void ModelDrafter::draw_next(std::span<Drafting> all, std::span<const Segment> segments) {
  const size_t n_vocab = model_.info().n_vocab;
  logits_.resize(all.size() * n_vocab);
  const MatSpan<float> rows(logits_.data(), all.size(), n_vocab);
  model_.forward(segments, LogitRows::kLast, rows, workspace_);
  workspace_.pool().for_ranges(all.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) draw_one(all[i], rows.row(i));
  });
}

}  // namespace rwkv
