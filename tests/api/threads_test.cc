// Eight threads on one model: runners of their own, one runner shared by mistake, cancelling from outside.
#include <atomic>
#include <chrono>
#include <thread>

#include "fixture.h"

namespace rwkv {
namespace {

constexpr size_t kThreads = 8;

template <class Body>
void on_threads(Body&& body) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) threads.emplace_back([&body, i] { body(i); });
  for (auto& thread : threads) thread.join();
}

std::vector<uint32_t> continued(const api::Model& model, const api::Vocab& vocab, uint64_t seed) {
  api::Runner runner(model, 1);
  api::Sequence sequence(model);
  auto sampling = api::default_sampling();
  sampling.seed = seed, sampling.vocab = vocab.get();
  runner.read(sequence, vocab.encode("ROMEO:"));
  std::vector<uint32_t> ids;
  for (int n = 0; n < 12; ++n) {
    runner.eval(sequence);
    ids.push_back(sequence.sample(sampling));
  }
  api::Sequence fork = sequence;
  runner.score(fork, ids);
  return ids;
}

TEST(Threads, ShareAModelAndAVocabulary) {
  const api::Model model(demo("rwkv7-shakespeare.pth"));
  const api::Vocab vocab(demo("vocab.txt"), model);
  std::vector<std::vector<uint32_t>> alone(kThreads), together(kThreads);
  for (size_t i = 0; i < kThreads; ++i) alone[i] = continued(model, vocab, i);
  on_threads([&](size_t i) { together[i] = continued(model, vocab, i); });
  EXPECT_EQ(alone, together);
}

TEST(Threads, LoadAndFreeAtOnce) {
  on_threads([](size_t i) {
    const api::Model model(demo(i % 2 == 0 ? "rwkv4-shakespeare.pth" : "rwkv7-shakespeare.pth"));
    const api::Vocab vocab(demo("tokenizer.json"));
    api::Sequence sequence(model);
    api::Runner(model, 1).eval(sequence, some_ids(5));
  });
}

TEST(Threads, ARunnerInUseIsRefused) {
  const api::Model model(demo("rwkv7-shakespeare.pth"));
  api::Runner runner(model, 1);
  std::atomic<int> n_done = 0, n_refused = 0;
  on_threads([&](size_t) {
    api::Sequence sequence(model);
    for (int n = 0; n < 20; ++n) {
      const std::string failure = failure_of([&] { runner.eval(sequence, some_ids(3)); });
      failure == "done" ? ++n_done : ++n_refused;
      if (failure != "done") {
        EXPECT_EQ(failure, "the runner is in use by another thread");
      }
    }
  });
  EXPECT_GE(n_done, 1);
  EXPECT_EQ(n_done + n_refused, 160);
}

TEST(Threads, CancelFromOutsideEndsACallBetweenTwoPasses) {
  const api::Model model(demo("rwkv7-shakespeare.pth"));
  api::Runner runner(model, 1);
  api::Sequence sequence(model), whole(model);
  const auto ids = some_ids(20000);
  rwkv_item item{sequence.get(), ids.data(), ids.size(), RWKV_WANT_LAST, nullptr, 0, 0};
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    runner.cancel();
  });
  const std::string failure = failure_of([&] { runner.eval({&item, 1}); });
  other.join();
  EXPECT_EQ(failure, "cancelled");
  EXPECT_EQ(sequence.length(), item.n_read);
  EXPECT_LE(item.n_read, ids.size());
  const auto rest = std::span(ids).subspan(item.n_read, std::min<size_t>(50, ids.size() - item.n_read));
  if (rest.empty()) return;
  runner.eval(sequence, rest);
  runner.eval(whole, std::span(ids).first(item.n_read + rest.size()));
  EXPECT_EQ(logits_of(sequence, model), logits_of(whole, model));
}

}  // namespace
}  // namespace rwkv
