// Measures seconds.
#pragma once
#include <chrono>

namespace rwkv {

// Starts when it is constructed.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace rwkv
