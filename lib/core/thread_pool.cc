#include "core/thread_pool.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace rwkv {
namespace {

// About 50 microseconds: longer than the gap between two jobs of a token, short enough that a pool waiting
// for its caller costs nothing measurable.
constexpr int kSpins = 1 << 11;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when `value` is no longer `old`: spins, then sleeps.
template <class T>
void await_change(std::atomic<T>& value, T old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
}

constexpr size_t kCacheLineBytes = 64;

struct FreeAligned {
  void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t{kCacheLineBytes}); }
};

// On a cache line of its own.
struct alignas(kCacheLineBytes) ScratchBytes {
  std::unique_ptr<std::byte, FreeAligned> bytes;
  size_t size = 0;

  std::byte* at_least(size_t n) {
    if (size < n) {
      bytes.reset(new (std::align_val_t{kCacheLineBytes}) std::byte[n]);
      size = n;
    }
    return bytes.get();
  }
};

// The number of an owner's pieces that were taken, and in the upper half the run they belong to, so that no
// count must be reset before a run.
struct alignas(kCacheLineBytes) TakenPieces {
  std::atomic<uint64_t> run_and_count{0};
};

// The last run in which a thread's part was claimed.
struct alignas(kCacheLineBytes) LastClaim {
  std::atomic<uint32_t> run{0};
};

// As long as it exists, new threads leave signals to older ones, so that a signal interrupts the process's
// waits. Signals that a thread raises itself still reach the thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int own : {SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGTRAP}) sigdelset(&all, own);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

// For a run the caller writes `job` and `argument`, then raises `generation`. Each worker's part of a run is
// claimed once: by the worker, which may then use the job and lowers `busy` at its end; or by the caller, so
// that a late worker finds nothing to do.
struct ThreadPool::Shared {
  ErasedJob job = nullptr;  // null ends the workers
  void* argument = nullptr;
  alignas(kCacheLineBytes) std::atomic<uint32_t> generation{0};
  alignas(kCacheLineBytes) std::atomic<uint32_t> busy{0};
  std::vector<ScratchBytes> scratch;  // one for each thread, then the shared one
  std::vector<TakenPieces> taken;     // one for each thread
  std::vector<LastClaim> claims;      // for each thread's part
  std::vector<std::thread> workers;
  std::mutex failure_mutex;
  std::exception_ptr failure;  // the first exception of a run

  void start(ErasedJob next, void* with) {
    job = next;
    argument = with;
    busy.store(static_cast<uint32_t>(workers.size()), std::memory_order_relaxed);
    generation.fetch_add(1, std::memory_order_release);
    generation.notify_all();
  }

  void finish() {
    for (uint32_t left; (left = busy.load(std::memory_order_acquire)) != 0;) await_change(busy, left);
  }

  // False if the thread's part of this run was claimed before. All parts of earlier runs are claimed.
  bool claim(size_t thread, uint32_t run) {
    auto& last = claims[thread].run;
    uint32_t before = run - 1;
    return last.load(std::memory_order_relaxed) == before &&
           last.compare_exchange_strong(before, run, std::memory_order_relaxed);
  }

  void do_part(size_t thread) {
    try {
      job(argument, thread);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  }

  void work(size_t thread) {
    for (uint32_t run = 0;;) {
      await_change(generation, run);
      run = generation.load(std::memory_order_acquire);
      if (!claim(thread, run)) continue;
      if (job == nullptr) return;
      do_part(thread);
      if (busy.fetch_sub(1, std::memory_order_acq_rel) == 1) busy.notify_one();
    }
  }
};

ThreadPool::ThreadPool(size_t n_threads) : shared_(std::make_unique<Shared>()) {
  shared_->scratch = std::vector<ScratchBytes>(n_threads + 1);
  shared_->taken = std::vector<TakenPieces>(n_threads);
  shared_->claims = std::vector<LastClaim>(n_threads);
  shared_->workers.reserve(n_threads - 1);
  const SignalsBlocked blocked;
  try {
    for (size_t thread = 1; thread < n_threads; ++thread) {
      shared_->workers.emplace_back([shared = shared_.get(), thread] { shared->work(thread); });
    }
  } catch (const std::system_error&) {  // the system gives no more threads: the started ones suffice
  } catch (const std::bad_alloc&) {
  }
}

ThreadPool::~ThreadPool() {
  shared_->start(nullptr, nullptr);
  for (auto& worker : shared_->workers) worker.join();
}

size_t ThreadPool::size() const { return 1 + shared_->workers.size(); }

std::byte* ThreadPool::scratch(size_t thread, size_t n_bytes) {
  return shared_->scratch[thread].at_least(n_bytes);
}

std::byte* ThreadPool::shared_scratch(size_t n_bytes) { return shared_->scratch.back().at_least(n_bytes); }

size_t ThreadPool::take_piece(size_t owner, size_t n) {
  auto& taken = shared_->taken[owner].run_and_count;
  const uint64_t run = shared_->generation.load(std::memory_order_relaxed);
  for (uint64_t old = taken.load(std::memory_order_relaxed);;) {
    const uint64_t count = old >> 32 == run ? old & 0xFFFFFFFFu : 0;
    if (count >= n) return n;
    if (taken.compare_exchange_weak(old, run << 32 | (count + 1), std::memory_order_relaxed)) return count;
  }
}

bool ThreadPool::leave_out(size_t worker) {
  if (!shared_->claim(worker, shared_->generation.load(std::memory_order_relaxed))) return false;
  shared_->busy.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

void ThreadPool::run_erased(ErasedJob job, void* argument) {
  shared_->start(job, argument);
  shared_->do_part(0);
  shared_->finish();
  if (shared_->failure) std::rethrow_exception(std::exchange(shared_->failure, nullptr));
}

}  // namespace rwkv
