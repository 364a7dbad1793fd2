#include "checkpoint/write_behind.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace rwkv {
namespace {

constexpr size_t kMostWaiting = 2;

struct Block {
  std::vector<std::byte> own;
  std::span<const std::byte> bytes;
  std::function<void()> done;
};

}  // namespace

struct WriteBehind::Shared {
  explicit Shared(Write write_blocks) : write(std::move(write_blocks)) { free.reserve(kMostWaiting + 1); }

  void put(Block block) {
    if (!thread.joinable()) return write_now(block);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting.size() < kMostWaiting || error; });
    throw_error();
    waiting.push_back(std::move(block));
    changed.notify_all();
  }

  void write_now(Block& block) const {
    write(block.bytes);
    if (block.done) block.done();
  }

  // The block that is being written stays in the queue, so that an empty queue says that all is written.
  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return !waiting.empty() || ended; });
      if (waiting.empty()) return;
      Block& block = waiting.front();
      lock.unlock();
      std::exception_ptr failed;
      try {
        write_now(block);
      } catch (...) {
        failed = std::current_exception();
      }
      lock.lock();
      if (failed) error = failed;
      if (block.own.capacity() > 0) free.push_back(std::move(block.own));
      waiting.pop_front();
      if (error) waiting.clear();
      changed.notify_all();
    }
  }

  void throw_error() const {
    if (error) std::rethrow_exception(error);
  }

  Write write;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Block> waiting;
  std::vector<std::vector<std::byte>> free;  // buffers that were used
  std::exception_ptr error;
  bool ended = false;
  std::thread thread;
};

WriteBehind::WriteBehind(Write write) : shared_(std::make_unique<Shared>(std::move(write))) {
  try {
    shared_->thread = std::thread([this] { shared_->work(); });
  } catch (const std::system_error&) {  // as said above
  }
}

WriteBehind::~WriteBehind() {
  if (!shared_->thread.joinable()) return;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->ended = true;
    shared_->changed.notify_all();
  }
  shared_->thread.join();
}

std::vector<std::byte> WriteBehind::buffer(size_t n_bytes) {
  std::vector<std::byte> buffer;
  {
    const std::scoped_lock lock(shared_->mutex);
    if (!shared_->free.empty()) {
      buffer = std::move(shared_->free.back());
      shared_->free.pop_back();
    }
  }
  buffer.resize(n_bytes);
  return buffer;
}

void WriteBehind::submit(std::vector<std::byte> buffer) {
  const std::span<const std::byte> bytes(buffer);
  shared_->put({std::move(buffer), bytes, {}});
}

void WriteBehind::submit(std::span<const std::byte> bytes, std::function<void()> done) {
  shared_->put({{}, bytes, std::move(done)});
}

void WriteBehind::finish() {
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait(lock, [&] { return shared_->waiting.empty() || !shared_->thread.joinable(); });
  shared_->throw_error();
}

}  // namespace rwkv
