// Writes records in order, in whatever order they arrive.
#pragma once
#include <cstdint>
#include <map>
#include <ostream>
#include <string>

namespace rwkv {

class OrderedOutput {
 public:
  // `out` must outlive this.
  OrderedOutput(std::ostream& out, size_t max_waiting_bytes)
      : out_(out), max_waiting_bytes_(max_waiting_bytes) {}

  // Takes record `number` (from 0, each once); writes and flushes all records whose predecessors are written.
  // Error kIo.
  void add(uint64_t number, std::string record);
  // So many bytes wait for an earlier record that no new work should begin.
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
