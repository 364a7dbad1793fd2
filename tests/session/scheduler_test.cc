#include "session/scheduler.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/draw_next.h"
#include "support/golden_model.h"

namespace rwkv {
namespace {

std::vector<TokenId> some_tokens(size_t n, size_t seed) {
  std::vector<TokenId> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<TokenId>((i * 37 + seed * 11) % 320);
  return tokens;
}

class SchedulerTest : public testing::Test {
 protected:
  Model model_ = Model::load(golden_model("v7"));
  Runner runner_{model_, 2};

  BatchJob job(uint64_t number, size_t n_prompt, uint64_t max_tokens) {
    BatchJob made;
    made.number = number;
    ContinuationOptions options;
    options.max_tokens = max_tokens;
    options.stop_at_end_of_text = false;
    options.sampler.seed = number;
    made.continuation = {runner_.new_sequence(), options};
    made.prompt = some_tokens(n_prompt, number);
    return made;
  }

  static std::vector<TokenId> ids_of(const BatchJob& job) {
    std::vector<TokenId> ids;
    for (const auto& token : job.tokens) ids.push_back(token.id);
    return ids;
  }

  std::vector<TokenId> alone(BatchJob job) {
    runner_.read(job.continuation.sequence(), job.prompt);
    while (job.continuation.stopped() == StopReason::kNone) draw_next(job.continuation, runner_);
    job.tokens = job.continuation.take_tokens();
    return ids_of(job);
  }
};

TEST_F(SchedulerTest, GivesEachJobWhatItHasAlone) {
  Scheduler scheduler(runner_);
  const std::vector<std::pair<size_t, uint64_t>> sizes = {{300, 5}, {1, 40},  {0, 7},
                                                          {95, 1},  {97, 20}, {2, 0}};
  std::vector<std::vector<TokenId>> found(sizes.size());
  // Two at a time, then all that are left.
  for (size_t next = 0; next < sizes.size() || scheduler.size() > 0;) {
    for (; next < sizes.size() && (scheduler.size() < 2 || next > 2); ++next) {
      scheduler.add(job(next, sizes[next].first, sizes[next].second));
    }
    scheduler.step();
    for (const auto& ended : scheduler.take_ended()) found[ended.number] = ids_of(ended);
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(found[i].size(), sizes[i].second);
    EXPECT_EQ(found[i], alone(job(i, sizes[i].first, sizes[i].second))) << i;
  }
}

TEST_F(SchedulerTest, ALongPromptStallsNobody) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 1, 100));
  scheduler.step();
  scheduler.add(job(1, 1000, 1));
  const auto [n_read, n_drawn, n_drawing] = scheduler.step();
  EXPECT_EQ(n_drawn, 1);
  EXPECT_EQ(n_drawing, 1);
  EXPECT_EQ(n_read, kRowsOfPass - 1);
  uint64_t n_passes = 1;
  for (uint64_t n = n_read; n < 1000; ++n_passes) {
    const auto counts = scheduler.step();
    ASSERT_EQ(counts.n_drawn, 1);
    n += counts.n_read;
  }
  EXPECT_EQ(n_passes, 11);
  EXPECT_EQ(scheduler.step().n_drawn, 2);
}

TEST_F(SchedulerTest, FillsThePassWithWhatShortPromptsLeave) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 100, 1));
  scheduler.add(job(1, 20, 1));
  EXPECT_EQ(scheduler.step().n_read, kRowsOfPass);
  EXPECT_EQ(scheduler.step().n_read, 24);
  scheduler.step();
  EXPECT_EQ(scheduler.take_ended().size(), 2);
}

TEST_F(SchedulerTest, PromptsShareAPassEqually) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 500, 1));
  scheduler.add(job(1, 30, 1));
  scheduler.add(job(2, 500, 1));
  scheduler.step();
  EXPECT_EQ(scheduler.jobs()[0].n_read, 33);
  EXPECT_EQ(scheduler.jobs()[1].n_read, 30);
  EXPECT_EQ(scheduler.jobs()[2].n_read, 33);
}

TEST_F(SchedulerTest, ReadsWhatPromptsBeginWithOnce) {
  Scheduler scheduler(runner_);
  std::vector<std::vector<TokenId>> wanted;
  for (uint64_t number = 0; number < 4; ++number) {
    BatchJob one = job(number, 0, 12);
    one.begins_anew = true;
    one.prompt = some_tokens(number == 2 ? 150 : 400, 9);
    if (number == 3) one.prompt.push_back(7);
    wanted.push_back(alone(one));
    scheduler.add(std::move(one));
  }
  uint64_t n_read = 0;
  std::vector<std::vector<TokenId>> found(4);
  while (scheduler.size() > 0) {
    n_read += scheduler.step().n_read;
    for (const auto& ended : scheduler.take_ended()) found[ended.number] = ids_of(ended);
  }
  EXPECT_EQ(n_read, 401);
  EXPECT_EQ(found, wanted);
}

TEST_F(SchedulerTest, AJobWhoseLeaderIsRemovedReadsByItself) {
  Scheduler scheduler(runner_);
  std::vector<TokenId> wanted;
  for (uint64_t number = 0; number < 3; ++number) {
    BatchJob one = job(number, 0, 6);
    one.begins_anew = true;
    one.prompt = some_tokens(300, 9);
    if (number == 2) wanted = alone(one);
    scheduler.add(std::move(one));
  }
  scheduler.step();
  scheduler.remove(0);
  scheduler.step();
  scheduler.remove(1);
  std::vector<BatchJob> ended;
  for (int i = 0; i < 20 && ended.empty(); ++i) {
    scheduler.step();
    ended = scheduler.take_ended();
  }
  ASSERT_EQ(ended.size(), 1);
  EXPECT_EQ(ids_of(ended[0]), wanted);
}

TEST_F(SchedulerTest, GoesOnFromWhatTheCacheKnows) {
  PrefixCache cache(model_, {});
  const auto run = [&](BatchJob one, PrefixCache* with) {
    Scheduler scheduler(runner_, with);
    scheduler.add(std::move(one));
    std::vector<BatchJob> ended;
    while (ended.empty()) {
      scheduler.step();
      ended = scheduler.take_ended();
    }
    return std::move(ended.front());
  };
  const auto asked = [&](size_t n_prompt) {
    BatchJob one = job(0, 0, 10);
    ContinuationOptions options{.max_tokens = 10, .stop_at_end_of_text = false, .keep_end = true};
    one.continuation = {runner_.new_sequence(), options};
    one.begins_anew = true;
    one.prompt = some_tokens(n_prompt, 3);
    one.turn_ends = {40, 600};
    return one;
  };
  const BatchJob first = run(asked(700), &cache);
  EXPECT_EQ(first.n_found, 0);
  EXPECT_EQ(ids_of(first), alone(asked(700)));
  EXPECT_EQ(ids_of(run(asked(700), &cache)), ids_of(first));
  for (const auto& [n_prompt, n_known] : std::vector<std::pair<size_t, size_t>>{
           {700, 700}, {701, 700}, {650, 600}, {590, 512}, {500, 40}, {39, 0}}) {
    const BatchJob again = run(asked(n_prompt), &cache);
    EXPECT_EQ(again.n_found, n_known);
    EXPECT_EQ(ids_of(again), alone(asked(n_prompt))) << n_prompt;
  }
  BatchJob next = asked(700);  // the next turn: the answer, and more
  for (const TokenId id : ids_of(first)) next.prompt.push_back(id);
  next.prompt.push_back(11);
  const BatchJob turn = run(next, &cache);
  EXPECT_EQ(turn.n_found, 710);
  EXPECT_EQ(ids_of(turn), alone(next));
}

TEST_F(SchedulerTest, TellsOfThePromptsTokens) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 200, 30));
  BatchJob scored = job(1, 150, 1);
  scored.n_prompt_log_probs = 3;
  const auto prompt = scored.prompt;
  scheduler.add(std::move(scored));
  std::vector<BatchJob> ended;
  while (ended.empty()) {
    scheduler.step();
    ended = scheduler.take_ended();
  }
  ASSERT_EQ(ended[0].prompt_tokens.size(), 149);
  Sequence sequence = runner_.new_sequence();
  for (size_t i = 0; i + 1 < prompt.size(); ++i) {
    runner_.read(sequence, {&prompt[i], 1});
    Sequence* const one[] = {&sequence};
    const auto row = runner_.step(one, {}).front();
    const DrawnToken& token = ended[0].prompt_tokens[i];
    ASSERT_EQ(token.id, prompt[i + 1]);
    ASSERT_EQ(token.log_prob, log_prob(row, prompt[i + 1]));
    ASSERT_EQ(token.most_likely.size(), 3);
    ASSERT_EQ(token.most_likely[0].log_prob, top_log_probs(row, 1)[0].log_prob);
  }
}

TEST_F(SchedulerTest, KeepsAnErrorInItsJob) {
  Scheduler scheduler(runner_);
  BatchJob hopeless = job(0, 1, 5);
  ContinuationOptions options;
  for (TokenId id = 0; id < 320; ++id)
    options.sampler.bias.emplace_back(id, -std::numeric_limits<float>::infinity());
  hopeless.continuation = {runner_.new_sequence(), options};
  scheduler.add(std::move(hopeless));
  scheduler.add(job(1, 1, 5));
  scheduler.step();
  scheduler.step();
  const auto ended = scheduler.take_ended();
  ASSERT_EQ(ended.size(), 1);
  EXPECT_EQ(ended[0].error, "no token can be drawn: every logit is NaN or forbidden");
  EXPECT_EQ(scheduler.size(), 1);
}

TEST_F(SchedulerTest, GivesAllJobsUpAsTheyStand) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 1, 100));
  scheduler.add(job(1, 500, 100));
  for (int i = 0; i < 3; ++i) scheduler.step();
  const auto jobs = scheduler.take_all();
  EXPECT_EQ(scheduler.size(), 0);
  ASSERT_EQ(jobs.size(), 2);
  EXPECT_EQ(jobs[0].tokens.size(), 2);
  EXPECT_EQ(jobs[1].n_read, 95 + 95 + 95);
  EXPECT_TRUE(jobs[1].is_reading());
}

}  // namespace
}  // namespace rwkv
