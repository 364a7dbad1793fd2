#include "session/speculation.h"

#include <gtest/gtest.h>

#include "checkpoint/convert.h"
#include "sampling/constraint/constraint.h"
#include "sampling/constraint/constraints.h"
#include "session/lookup_drafter.h"
#include "session/model_drafter.h"
#include "session/scheduler.h"
#include "support/golden_model.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::vector<TokenId> some_tokens(size_t n, size_t seed) {
  std::vector<TokenId> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<TokenId>((i * 37 + seed * 11) % 320);
  return tokens;
}

std::string_view letters_of(TokenId id) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  return kLetters.substr(id % kLetters.size(), 1);
}

void expect_same_states(const State& a, const State& b) {
  for (size_t layer = 0; layer < a.n_layers(); ++layer) {
    for (size_t part = 0; part < a.parts().size(); ++part) {
      ASSERT_TRUE(std::ranges::equal(a.part(layer, part), b.part(layer, part))) << layer << ' ' << part;
    }
  }
}

// Drafts a fixed text: right as far as the text is.
class KnownText final : public Drafter {
 public:
  explicit KnownText(std::vector<TokenId> text) : text_(std::move(text)) {}
  std::unique_ptr<DraftMemory> follow(const Sequence&, std::span<const TokenId>) const override {
    return std::make_unique<Place>();
  }
  void propose(std::span<DraftRequest> requests) override {
    for (DraftRequest& request : requests) {
      const size_t first = static_cast<Place*>(request.memory)->n;
      for (size_t i = first; i < std::min(first + request.n_tokens, text_.size()); ++i)
        request.tokens.push_back(text_[i]);
    }
  }

 private:
  struct Place final : DraftMemory {
    void add(std::span<const TokenId> tokens) override { n += tokens.size(); }
    size_t n = 0;
  };
  std::vector<TokenId> text_;
};

class SpeculationTest : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  Runner runner_{model_, 2};

  BatchJob job(uint64_t number, size_t n_prompt, const ContinuationOptions& options) {
    BatchJob made;
    made.number = number;
    made.continuation = {runner_.new_sequence(), options};
    made.prompt = some_tokens(n_prompt, number);
    return made;
  }

  std::vector<BatchJob> run(std::vector<BatchJob> jobs, Speculation* speculation) {
    Scheduler scheduler(runner_, nullptr, speculation);
    for (BatchJob& j : jobs) scheduler.add(std::move(j));
    std::vector<BatchJob> ended(jobs.size());
    while (scheduler.size() > 0) {
      scheduler.step();
      for (BatchJob& j : scheduler.take_ended()) ended[j.number] = std::move(j);
    }
    return ended;
  }

  // The same ids, bytes, states and samplers as without a draft.
  void expect_same(const std::vector<ContinuationOptions>& options, Speculation& speculation) {
    const auto jobs = [&] {
      std::vector<BatchJob> made;
      for (size_t i = 0; i < options.size(); ++i) made.push_back(job(i, 3 * i, options[i]));
      return made;
    };
    const auto want = run(jobs(), nullptr);
    const auto got = run(jobs(), &speculation);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(got[i].tokens.size(), want[i].tokens.size()) << i;
      for (size_t t = 0; t < want[i].tokens.size(); ++t) ASSERT_EQ(got[i].tokens[t].id, want[i].tokens[t].id);
      EXPECT_EQ(got[i].bytes, want[i].bytes);
      EXPECT_EQ(got[i].error, want[i].error);
      const Sequence &a = got[i].continuation.sequence(), &b = want[i].continuation.sequence();
      EXPECT_EQ(got[i].continuation.stopped(), want[i].continuation.stopped());
      EXPECT_EQ(a.pending, b.pending);
      EXPECT_EQ(a.n_tokens, b.n_tokens);
      EXPECT_EQ(a.logits, b.logits);
      EXPECT_EQ(a.sampler, b.sampler);
      expect_same_states(a.state, b.state);
    }
  }

  static std::vector<ContinuationOptions> some_options() {
    std::vector<ContinuationOptions> all(5);
    for (size_t i = 0; i < all.size(); ++i) {
      all[i].max_tokens = 40 + i;
      all[i].stop_at_end_of_text = false;
      all[i].keep_end = true;
      all[i].sampler.seed = i;
      all[i].bytes_of = letters_of;
    }
    all[0].sampler.temperature = 0;
    all[1].sampler.presence = 0.5, all[1].sampler.frequency = 0.3;
    all[2].sampler.top_p = 0.5;
    all[3].stop_texts = {"qz", "xyz", "ab"};
    all[3].sampler.temperature = 0.7;
    all[4].stop_ids = {7, 99, 200, 201, 202, 203};
    all[4].n_log_probs = 2;
    return all;
  }
};

// Wrong ids of a draft move no constraint.
TEST_P(SpeculationTest, ConstraintsAreThoseOfWhatIsDrawn) {
  Constraints constraints(320, letters_of);
  const auto constraint =
      constraints.at(grammar_text("root ::= \"a\" root \"b\" | [c-z]{8} root | \"b\"{3}"));
  auto options = some_options();
  for (auto& one : options) one.sampler.constraint = constraint, one.stop_at_end_of_text = true;
  Speculation own(std::make_unique<ModelDrafter>(model_, 1, true), {.longest = 4, .adapts = false});
  expect_same(options, own);
  EXPECT_GT(own.counts().n_taken, 0);
  Speculation wrong(std::make_unique<KnownText>(some_tokens(60, 1)), {.longest = 4, .adapts = false});
  expect_same(options, wrong);
  EXPECT_LT(wrong.counts().n_taken, wrong.counts().n_drafted);
}

TEST_P(SpeculationTest, ADraftOfTheModelItselfIsTaken) {
  Speculation speculation(std::make_unique<ModelDrafter>(model_, 1, true), {.longest = 4, .adapts = false});
  expect_same(some_options(), speculation);
  EXPECT_GT(speculation.counts().n_drafted, 20);
  EXPECT_GE(speculation.counts().n_taken + 10, speculation.counts().n_drafted);  // less where one stops
}

TEST_P(SpeculationTest, AnotherModelsDraftChangesNothing) {
  const Model other = Model::load(golden_model(GetParam() == std::string("v4") ? "v7" : "v4"));
  Speculation speculation(std::make_unique<ModelDrafter>(other, 1, false), {.longest = 4, .adapts = false});
  expect_same(some_options(), speculation);
  EXPECT_GT(speculation.counts().n_drafted, 0);
  EXPECT_LT(speculation.counts().n_taken, speculation.counts().n_drafted);
}

TEST_P(SpeculationTest, LengthsThatAdaptChangeNothing) {
  Speculation speculation(std::make_unique<ModelDrafter>(model_, 1, true), {.longest = 6});
  expect_same(some_options(), speculation);
}

TEST_P(SpeculationTest, LookingUpChangesNothing) {
  Speculation speculation(std::make_unique<LookupDrafter>(), {.longest = 8, .adapts = false});
  auto options = some_options();
  options[0].max_tokens = 300;  // greedy: goes in circles sooner or later
  expect_same(options, speculation);
}

// Partly right drafts, of every length, that end anywhere.
TEST_P(SpeculationTest, ADraftIsTakenAsFarAsItIsRight) {
  ContinuationOptions options;
  options.max_tokens = 60;
  options.stop_at_end_of_text = false;
  options.keep_end = true;
  std::vector<BatchJob> one;
  one.push_back(job(0, 0, options));
  std::vector<TokenId> text{0};  // what the memory is told first
  const auto alone = run(std::move(one), nullptr);
  for (const auto& token : alone[0].tokens) text.push_back(token.id);
  for (size_t i = 5; i < text.size(); i += 5 + i / 7) text[i] = (text[i] + 1) % 320;
  for (size_t longest = 1; longest < 12; longest += 3) {
    Speculation speculation(std::make_unique<KnownText>(text), {.longest = longest, .adapts = false});
    expect_same({options}, speculation);
    EXPECT_GT(speculation.counts().n_taken, 5);
    EXPECT_LT(speculation.counts().n_taken, speculation.counts().n_drafted);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, SpeculationTest, testing::Values("v4", "v5.2", "v6", "v7", "v7a"));

class SelfDraft : public testing::TestWithParam<const char*> {};

// In q4 a trained model mostly draws what it draws in bf16.
TEST_P(SelfDraft, IsMostlyRight) {
  const TempDir temp;
  const auto path = source_folder() / "demo" / GetParam();
  convert(TensorFile::open(path), temp / "q4.safetensors", {.dtype = DType::kQ4}, [](uint64_t, uint64_t) {});
  const Model model = Model::load(path), draft = Model::load(temp / "q4.safetensors");
  Runner runner(model, 1);
  Speculation speculation(std::make_unique<ModelDrafter>(draft, 1, true), {.longest = 1, .adapts = false});
  ContinuationOptions options;
  options.sampler.temperature = 0;
  options.max_tokens = 400;
  options.stop_at_end_of_text = false;
  Continuation continuation(runner.new_sequence(), options);
  const auto memory = speculation.follow(continuation.sequence(), {});
  while (continuation.stopped() == StopReason::kNone)
    draw_next(continuation, memory.get(), &speculation, runner);
  const auto [n_drafted, n_taken] = speculation.counts();
  EXPECT_GT(n_drafted, 150);
  EXPECT_GE(static_cast<double>(n_taken), 0.9 * static_cast<double>(n_drafted)) << n_drafted;
}

INSTANTIATE_TEST_SUITE_P(Demo, SelfDraft, testing::Values("rwkv4-shakespeare.pth", "rwkv7-shakespeare.pth"));

TEST(LookupDrafter, ProposesWhatFollowedTheLastTime) {
  LookupDrafter drafter;
  const auto memory = drafter.follow({}, {});
  const std::vector<TokenId> text = {1, 2, 3, 4, 5, 1, 2};
  memory->add(text);
  const Continuation any{{}, {}};
  DraftRequest request{memory.get(), &any, 4};
  drafter.propose({&request, 1});
  EXPECT_EQ(request.tokens, (std::vector<TokenId>{3, 4, 5, 1}));
  memory->add(std::vector<TokenId>{9, 8});
  drafter.propose({&request, 1});
  EXPECT_TRUE(request.tokens.empty());
}

TEST(DraftLength, IsLongWhereDraftsAreCheapAndRight) {
  DraftLength length(8);
  EXPECT_EQ(length.next(1), 0);  // nothing to compare with
  length.observe_pass(1, 1.0);
  length.observe_pass(9, 1.1);
  length.observe_draft(1, 0.01);
  length.observe_accepted(100, 100);
  EXPECT_EQ(length.next(1), 8);
}

TEST(DraftLength, ANewCostOfPassesWithoutDraftsIsNoticed) {
  DraftLength length(4);
  length.observe_pass(1, 10.0);  // as when the weights come from a disk
  length.observe_draft(1, 0.9);
  length.observe_accepted(100, 70);
  size_t n_drafted = 0;
  for (size_t i = 0; i < 2000; ++i) {
    const size_t n = length.next(1);
    n_drafted += n > 0 ? 1 : 0;
    length.observe_pass(n + 1, 1.0);
  }
  EXPECT_LT(n_drafted, 1500);
}

TEST(DraftLength, IsRarelyTriedWhereDraftsAreWrong) {
  DraftLength length(8);
  length.observe_pass(1, 1.0);
  length.observe_draft(1, 0.2);
  length.observe_accepted(200, 0);
  const auto trials = [&](size_t n_passes, size_t n_right) {
    size_t n_tried = 0;
    for (size_t i = 0; i < n_passes; ++i) {
      if (length.next(1) == 0) continue;
      ++n_tried;
      length.observe_accepted(1, n_right);
    }
    return n_tried;
  };
  const size_t n_wrong = trials(1000, 0);
  EXPECT_GT(n_wrong, 2);
  EXPECT_LT(n_wrong, 12);
  EXPECT_GT(trials(1000, 1), 200);  // once trials are right, they come sooner
  length.observe_accepted(100, 100);
  EXPECT_GT(length.next(1), 2);
}

TEST(DraftLength, RowsOfAllSequencesFitIntoAPass) {
  DraftLength length(8);
  length.observe_pass(48, 1.0);
  length.observe_pass(96, 1.2);
  length.observe_accepted(100, 100);
  EXPECT_EQ(length.next(48), 1);
  EXPECT_EQ(length.next(96), 0);
  EXPECT_EQ(length.longest(97), 0);
}

}  // namespace
}  // namespace rwkv
