#include "session/scheduler.h"

#include <gtest/gtest.h>

#include <limits>

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
  const auto [n_read, n_drawn] = scheduler.step();
  EXPECT_EQ(n_drawn, 1);
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

TEST_F(SchedulerTest, ReadsThePromptThatHasWaitedLongestFirst) {
  Scheduler scheduler(runner_);
  scheduler.add(job(0, 100, 1));
  scheduler.add(job(1, 20, 1));
  EXPECT_EQ(scheduler.step().n_read, kRowsOfPass);
  EXPECT_EQ(scheduler.step().n_read, 24);
  scheduler.step();
  EXPECT_EQ(scheduler.take_ended().size(), 2);
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
