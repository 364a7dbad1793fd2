#include "session/model_drafter.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kManyTokens = 8;  // to read before a draft rather than with it

}  // namespace

// `state` stands after all tokens but those of `waiting`. Behind it lie the states that the last draft went
// through: what is drawn as it was drafted need not be fed again. With the states of the sequence itself,
// `state` and `waiting` hold something only within a draft.
struct ModelDrafter::Memory final : DraftMemory {
  struct Step {
    TokenId fed = 0;
    State after{};
  };
  State state;
  std::vector<TokenId> waiting;
  std::vector<Step> steps;  // of which [next_step, n_steps) are ahead; the others' memory is used again
  size_t next_step = 0, n_steps = 0;
  bool has_states_of_sequence = false;

  void add(std::span<const TokenId> tokens) override {
    if (has_states_of_sequence) return;
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
    if (n_steps == steps.size()) steps.emplace_back();  // only the segments of earlier calls point into it
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
  memory->has_states_of_sequence = same_states_;
  if (same_states_) return memory;
  memory->state = model_.initial_state();
  if (sequence.pending && tokens.empty()) tokens = {&*sequence.pending, 1};
  memory->waiting.assign(tokens.begin(), tokens.end());
  return memory;
}

// All but the last token, where they are many, as of a prompt.
void ModelDrafter::read(std::span<DraftRequest> requests) {
  std::vector<Memory*> reading;
  std::vector<Segment> segments;
  for (const DraftRequest& request : requests) {
    auto& memory = static_cast<Memory&>(*request.memory);
    if (memory.waiting.size() < kManyTokens) continue;
    reading.push_back(&memory);
    segments.push_back({std::span(memory.waiting).first(memory.waiting.size() - 1), &memory.state});
  }
  if (segments.empty()) return;
  model_.forward(segments, LogitRows::kNone, MatSpan<float>(), workspace_);
  for (Memory* memory : reading) memory->waiting.erase(memory->waiting.begin(), memory->waiting.end() - 1);
}

// Feeds what the sequence has and the draft's state has not.
Segment ModelDrafter::begin(DraftRequest& request) const {
  auto& memory = static_cast<Memory&>(*request.memory);
  memory.next_step = memory.n_steps = 0;
  if (same_states_) {
    const Sequence& sequence = request.continuation->sequence();
    memory.state = sequence.state;
    memory.waiting.assign(1, *sequence.pending);
  }
  return {.tokens = memory.waiting, .state = &memory.state};
}

// Feeds the last token of the draft.
Segment ModelDrafter::step(Drafting& d) const {
  const TokenId& last = d.request->tokens.back();
  if (same_states_) return {.tokens = {&last, 1}, .state = &d.memory->state};
  return d.memory->step(last);
}

void ModelDrafter::propose(std::span<DraftRequest> requests) {
  std::vector<Drafting> drafting;
  std::vector<Segment> segments;
  for (DraftRequest& request : requests) {
    request.tokens.clear();
    const Segment segment = begin(request);
    if (segment.tokens.empty()) continue;
    segments.push_back(segment);
    drafting.push_back(
        {&request, static_cast<Memory*>(request.memory), request.continuation->sequence().sampler});
  }
  if (drafting.empty()) return;
  draw_next(drafting, segments);
  for (Drafting& d : drafting) d.memory->waiting.clear();
  for (size_t n = 1;; ++n) {
    std::erase_if(drafting, [&](const Drafting& d) { return d.request->n_tokens <= n; });
    if (drafting.empty()) return;
    segments.clear();
    for (Drafting& d : drafting) segments.push_back(step(d));
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
