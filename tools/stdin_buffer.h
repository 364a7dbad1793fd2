// Standard input that a signal can end.
#pragma once
#include <array>
#include <streambuf>

namespace rwkv {

// The standard library's own buffer goes on reading after a signal, so that Ctrl-C would do nothing while a
// tool waits for input. This one is at its end as soon as stop_requested(). A read error sets the stream's
// badbit.
class StdinBuffer : public std::streambuf {
 protected:
  int_type underflow() override;

 private:
  std::array<char, 1 << 16> block_;
};

}  // namespace rwkv
