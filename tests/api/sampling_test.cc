// rwkv_sequence_sample, rwkv_stream_add: what the tools' sampler and stop texts do, behind the C interface.
#include <limits>

#include "fixture.h"
#include "session/continuation.h"
#include "support/draw_next.h"

namespace rwkv {
namespace {

using api::Sequence;

class Sampling : public testing::Test {
 protected:
  const api::Model model_{demo("rwkv7-shakespeare.pth")};
  const api::Vocab vocab_{demo("vocab.txt"), model_};
  api::Runner runner_{model_, 1};
};

TEST_F(Sampling, DrawsWhatAContinuationDraws) {
  const auto ids = vocab_.encode("ROMEO:");
  auto sampling = api::default_sampling();
  sampling.temperature = 1.1, sampling.top_p = 0.9, sampling.top_k = 50, sampling.min_p = 0.01;
  sampling.presence = 0.2, sampling.frequency = 0.3, sampling.seed = 42;
  const uint32_t bias_ids[] = {10, 11};
  const float bias[] = {-1.5F, -std::numeric_limits<float>::infinity()};
  sampling.bias_ids = bias_ids, sampling.bias = bias, sampling.n_bias = 2;
  Sequence sequence(model_);
  runner_.read(sequence, ids);

  const Model plain = Model::load(demo("rwkv7-shakespeare.pth"));
  Runner runner(plain, 1);
  rwkv::Sequence start = runner.new_sequence();
  runner.read(start, ids);
  ContinuationOptions options;
  options.sampler = {.temperature = 1.1,
                     .top_k = 50,
                     .top_p = 0.9,
                     .min_p = 0.01,
                     .presence = 0.2,
                     .frequency = 0.3,
                     .bias = {{10, -1.5F}, {11, bias[1]}},
                     .seed = 42};
  Continuation continuation(std::move(start), options);
  for (int i = 0; i < 40; ++i) {
    runner_.eval(sequence);
    draw_next(continuation, runner);
    ASSERT_EQ(sequence.sample(sampling), continuation.take_tokens().front().id);
  }
}

TEST_F(Sampling, StopIdsLeaveTheSequence) {
  Sequence sequence(model_);
  runner_.eval(sequence, some_ids(3));
  auto sampling = api::default_sampling();
  sampling.temperature = 0;
  const uint32_t greedy = Sequence(sequence).sample(sampling);
  sampling.stop_ids = &greedy, sampling.n_stop_ids = 1;
  const auto before = logits_of(sequence, model_);
  EXPECT_EQ(sequence.sample(sampling), greedy);
  EXPECT_EQ(sequence.length(), 3U);
  EXPECT_EQ(logits_of(sequence, model_), before);
}

TEST_F(Sampling, RefusesWhatMakesNoSense) {
  Sequence sequence(model_);
  auto sampling = api::default_sampling();
  EXPECT_EQ(failure_of([&] { sequence.sample(sampling); }),
            "the logits after the sequence are not known: evaluate with RWKV_WANT_LAST");
  runner_.eval(sequence, some_ids(3));
  sampling.top_p = 2;
  EXPECT_NE(failure_of([&] { sequence.sample(sampling); }).find("top-p"), std::string::npos);
  sampling = api::default_sampling();
  sampling.n_bias = 1;
  EXPECT_EQ(failure_of([&] { sequence.sample(sampling); }), "bias_ids is NULL");
  sampling = api::default_sampling();
  sampling.size = sizeof sampling + 8;
  EXPECT_EQ(failure_of([&] { sequence.sample(sampling); }),
            "sampling.size is " + std::to_string(sizeof sampling + 8) + ", want at most " +
                std::to_string(sizeof sampling));
  sampling.size = 3;
  EXPECT_NE(failure_of([&] { sequence.sample(sampling); }), "done");
}

// A caller built when the structure ended after top_p.
TEST_F(Sampling, AnOlderCallersStructureMeansDefaultsForTheRest) {
  Sequence sequence(model_);
  runner_.eval(sequence, some_ids(3));
  auto older = api::default_sampling();
  older.size = offsetof(rwkv_sampling, min_p);
  older.n_bias = 77;  // not his
  older.penalty_decay = -5;
  EXPECT_EQ(Sequence(sequence).sample(older), Sequence(sequence).sample());
}

TEST_F(Sampling, StreamsAreWholeCharactersUpToAStopText) {
  api::Stream stream(vocab_, {"the king"});
  std::string text;
  for (const uint32_t id : vocab_.encode("Behold \xe2\x82\xac the king is")) {
    text += stream.add(id);
    if (stream.stopped()) break;
  }
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(text, "Behold \xe2\x82\xac ");
  EXPECT_EQ(failure_of([&] { stream.add(1); }), "the stream has ended at a stop text");

  api::Stream ends_early(vocab_, {"the king"});
  text.clear();
  for (const uint32_t id : vocab_.encode("all the ")) text += ends_early.add(id);
  EXPECT_EQ(text, "all ");
  EXPECT_EQ(ends_early.finish(), "the ");
}

}  // namespace
}  // namespace rwkv
