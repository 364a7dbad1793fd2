// The threads that share one forward pass.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace rwkv {

// Number of simple operations, such as additions, below which a second thread costs more than it saves.
constexpr size_t kParallelElements = 16384;

// A fixed set of threads; the caller is one of them. The split of a job depends only on the counts. Between
// jobs workers spin for a short while, then park. One job at a time: run() must not be called from two
// threads or from within a job.
class ThreadPool {
 public:
  // n_threads >= 1; fewer where the system refuses threads. Signals are delivered to the caller's thread.
  explicit ThreadPool(size_t n_threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  size_t size() const;

  // At least n bytes, 64-byte aligned, for the given thread's part of a job; kept from job to job. Must be
  // called on that thread.
  std::byte* scratch(size_t thread, size_t n_bytes);

  // At least n bytes, likewise, for all threads of the next jobs. Must be called between jobs.
  std::byte* shared_scratch(size_t n_bytes);

  // Calls job(thread) once on every thread, thread in [0, size()), and returns when all calls have ended.
  // Rethrows the first exception of a call; parts of the job, or of run_pieces(), were then not done. The
  // pool can be used again.
  template <class Job>
  void run(Job&& job) {
    run_erased([](void* j, size_t thread) { (*static_cast<std::remove_reference_t<Job>*>(j))(thread); },
               &job);
  }

  // Like run(), for pieces of unequal length, or for cores that differ in speed or are busy: every thread
  // owns n pieces, does them in order, then helps some other threads with theirs. If a worker has not begun
  // when the caller has nothing left to do, other threads do that worker's pieces. make(thread) returns the
  // function (owner, piece) that does a piece on that thread.
  template <class Make>
  void run_pieces(size_t n, Make&& make) {
    run([&](size_t thread) {
      auto work = make(thread);
      const auto help = [&](size_t owner) {
        for (size_t piece; (piece = take_piece(owner, n)) < n;) work(owner, piece);
      };
      help(thread);
      // Asks log2(size()) others only: with many threads, asking all costs more than the help saves.
      for (size_t bit = 1; bit < size(); bit *= 2) {
        if (const size_t owner = thread ^ bit; owner < size()) help(owner);
      }
      if (thread != 0) return;
      for (size_t worker = 1; worker < size(); ++worker) {
        if (leave_out(worker)) help(worker);
      }
    });
  }

  // Splits [0, n) into one contiguous range a thread, with bounds at multiples of `grain`; calls body(begin,
  // end), as pieces of run_pieces(). Ranges shorter than grain are not split: a small n runs on the caller
  // alone.
  template <class Body>
  void for_ranges(size_t n, size_t grain, Body&& body) {
    for_parts(n, grain, 1, [&](size_t begin, size_t end, size_t) { body(begin, end); });
  }

  // The same with body(begin, end, part), for each range and every part in [0, n_parts) of the work on the
  // range; each call is a piece.
  template <class Body>
  void for_parts(size_t n, size_t grain, size_t n_parts, Body&& body) {
    const size_t n_grains = (n + grain - 1) / grain;
    if (size() == 1 || n_grains <= 1) {
      for (size_t part = 0; n > 0 && part < n_parts; ++part) body(size_t{0}, n, part);
      return;
    }
    run_pieces(n_parts, [&](size_t) {
      return [&](size_t owner, size_t part) {
        const size_t begin = std::min(n, owner * n_grains / size() * grain);
        const size_t end = std::min(n, (owner + 1) * n_grains / size() * grain);
        if (begin < end) body(begin, end, part);
      };
    });
  }

 private:
  using ErasedJob = void (*)(void* job, size_t thread);
  void run_erased(ErasedJob job, void* argument);

  size_t take_piece(size_t owner, size_t n);  // n when none is left
  // The caller calls this within a job. False if the worker has begun the job; else the worker skips the job.
  bool leave_out(size_t worker);

  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace rwkv
