// Records written in order, however they come.
#pragma once
#include <cstdint>
#include <map>
#include <ostream>
#include <string>

namespace rwkv {

class OrderedOutput {
 public:
  // `out` outlives this.
  OrderedOutput(std::ostream& out, size_t max_waiting_bytes)
      : out_(out), max_waiting_bytes_(max_waiting_bytes) {}

  // Takes record `number` (from 0, each once), and writes and flushes all that those before it no longer hold
  // up. Error kIo.
  void add(uint64_t number, std::string record);
  // So much waits for an earlier record that no more should be begun.
  bool full() const { return waiting_bytes_ >= max_waiting_bytes_; }
  // How many records were written.
  uint64_t n_written() const { return n_written_; }

 private:
  std::ostream& out_;
  size_t max_waiting_bytes_, waiting_bytes_ = 0;
  std::map<uint64_t, std::string> waiting_;
  uint64_t n_written_ = 0;
};

}  // namespace rwkv
