#include "core/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace rwkv {
namespace {

using Ranges = std::vector<std::pair<size_t, size_t>>;

Ranges ranges_of(ThreadPool& pool, size_t n, size_t grain) {
  Ranges ranges;
  std::mutex mutex;
  pool.for_ranges(n, grain, [&](size_t begin, size_t end) {
    const std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::ranges::sort(ranges);
  return ranges;
}

TEST(ThreadPool, RunsAJobOnceOnEachThread) {
  for (const size_t n_threads : {1, 2, 3, 8}) {
    ThreadPool pool(n_threads);
    ASSERT_EQ(pool.size(), n_threads);
    std::vector<std::atomic<int>> counts(n_threads);
    for (int i = 0; i < 1000; ++i) pool.run([&](size_t thread) { ++counts[thread]; });
    for (const auto& count : counts) EXPECT_EQ(count, 1000);
  }
}

TEST(ThreadPool, WakesParkedThreads) {
  ThreadPool pool(3);
  std::atomic<int> count = 0;
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool.run([&](size_t) { ++count; });
  }
  EXPECT_EQ(count, 9);
}

TEST(ThreadPool, ShowsTheCallerWhatTheThreadsWrote) {
  ThreadPool pool(4);
  std::vector<size_t> values(1000);
  for (size_t round = 1; round <= 50; ++round) {
    pool.for_ranges(values.size(), 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) values[i] += i;
    });
    ASSERT_EQ(values[999], round * 999);
  }
}

TEST(ThreadPool, DoesEveryPieceOnce) {
  constexpr size_t kPieces = 7;
  for (const size_t n_threads : {1, 2, 3, 8}) {
    ThreadPool pool(n_threads);
    std::vector<std::atomic<int>> counts(n_threads * kPieces);
    for (int i = 0; i < 1000; ++i) {
      pool.run_pieces(kPieces, [&](size_t) {
        return [&](size_t owner, size_t piece) { ++counts[owner * kPieces + piece]; };
      });
    }
    for (const auto& count : counts) EXPECT_EQ(count, 1000);
  }
}

// The late owner waits until all its pieces are done, which only the other can do.
TEST(ThreadPool, HelpsTheOwnerWhoIsLate) {
  constexpr int kPieces = 8;
  ThreadPool pool(2);
  std::atomic<int> helped = 0;
  std::atomic<bool> begun = false;
  pool.run_pieces(kPieces, [&](size_t thread) {
    if (thread == 0) begun.wait(false);
    begun = true;
    begun.notify_one();
    if (thread == 1) {
      for (int n; (n = helped.load()) < kPieces;) helped.wait(n);
    }
    return [&, thread](size_t owner, size_t) {
      helped += owner != thread;
      helped.notify_one();
    };
  });
  EXPECT_EQ(helped, kPieces);
}

// However many of the workers have begun: all pieces are done, once, and run() waits for every one.
TEST(ThreadPool, LeavesOutAWorkerThatHasNotBegun) {
  constexpr int kSteps = 100;
  ThreadPool pool(2);
  std::atomic<int> n_begun = 0, n_pieces = 0;
  for (int i = 0; i < kSteps; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    pool.run_pieces(1, [&](size_t thread) {
      n_begun += thread == 1;
      return [&](size_t, size_t) { ++n_pieces; };
    });
  }
  EXPECT_LE(n_begun, kSteps);
  EXPECT_EQ(n_pieces, 2 * kSteps);
  n_begun = 0;
  pool.run([&](size_t thread) { n_begun += thread == 1; });
  EXPECT_EQ(n_begun, 1) << "run() waits for it";
}

// What a thread of a job throws reaches the caller, once; then the pool works as before.
TEST(ThreadPool, ExceptionsReachTheCaller) {
  for (const size_t n_threads : {1, 2, 5}) {
    ThreadPool pool(n_threads);
    for (size_t thrower = 0; thrower < n_threads; ++thrower) {
      EXPECT_THROW(pool.run([&](size_t thread) {
        if (thread == thrower) throw std::bad_alloc();
      }),
                   std::bad_alloc);
      std::atomic<size_t> count = 0;
      pool.run([&](size_t) { ++count; });
      EXPECT_EQ(count, n_threads);
    }
    EXPECT_THROW(pool.run([](size_t) { throw std::runtime_error("each"); }), std::runtime_error);
    EXPECT_NO_THROW(pool.run([](size_t) {}));
  }
}

TEST(ThreadPool, ExceptionsOfPiecesReachTheCaller) {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    EXPECT_THROW(pool.run_pieces(5,
                                 [&](size_t thread) {
                                   if (round % 3 == 0 && thread == 0) throw std::bad_alloc();
                                   return [](size_t owner, size_t piece) {
                                     if (owner == 2 && piece == 3) throw std::bad_alloc();
                                   };
                                 }),
                 std::bad_alloc);
    std::atomic<int> count = 0;
    pool.run_pieces(5, [&](size_t) { return [&](size_t, size_t) { ++count; }; });
    ASSERT_EQ(count, 20);
  }
}

// Ends with 0 if a pool whose threads have no room for their stacks works with fewer.
[[noreturn]] void try_without_room() {
  const rlimit limit{400 << 20, 400 << 20};
  ::setrlimit(RLIMIT_AS, &limit);
  ThreadPool pool(200);
  std::atomic<size_t> count = 0;
  pool.run([&](size_t) { ++count; });
  std::exit(pool.size() < 200 && count == pool.size() ? 0 : 1);
}

TEST(ThreadPool, DoesWithoutThreadsThatCannotBeMade) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
  GTEST_SKIP() << "sanitizers need the address space";
#endif
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(try_without_room(), testing::ExitedWithCode(0), "");
}

// More threads than cores, so that some come late to many steps; each step's data is gone when the next
// begins.
TEST(ThreadPool, ALateWorkerTouchesNoStepThatIsOver) {
  constexpr size_t kThreads = 16, kPieces = 3;
  ThreadPool pool(kThreads);
  for (size_t step = 0; step < 3000; ++step) {
    auto counts = std::make_unique<std::vector<int>>(kThreads * kPieces);
    const size_t used = step % 3 == 0 ? kThreads * kPieces : kThreads;
    if (step % 3 == 0) {
      pool.run_pieces(kPieces, [&](size_t) {
        return [&](size_t owner, size_t piece) { ++(*counts)[owner * kPieces + piece]; };
      });
    } else if (step % 3 == 1) {
      pool.for_ranges(used, 1, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) ++(*counts)[i];
      });
    } else if (step % 30 == 2) {
      pool.run([&](size_t thread) { ++(*counts)[thread]; });
    } else {
      continue;
    }
    ASSERT_EQ(std::ranges::count(*counts, 1), static_cast<std::ptrdiff_t>(used)) << "step " << step;
  }
}

TEST(ThreadPool, RangesTileAndBeginAtMultiplesOfTheGrain) {
  ThreadPool pool(3);
  for (const size_t grain : {1, 4, 16}) {
    for (const size_t n : {1, 15, 16, 17, 48, 49, 1000}) {
      size_t expected = 0;
      for (const auto& [begin, end] : ranges_of(pool, n, grain)) {
        EXPECT_EQ(begin, expected);
        EXPECT_EQ(begin % grain, 0u);
        expected = end;
      }
      EXPECT_EQ(expected, n);
    }
  }
}

TEST(ThreadPool, DoesNotSplitASmallRangeNorCallForNone) {
  ThreadPool pool(4);
  EXPECT_EQ(ranges_of(pool, 16, 16), (Ranges{{0, 16}}));
  EXPECT_EQ(ranges_of(pool, 0, 16), Ranges());
}

}  // namespace
}  // namespace rwkv
