#include "common/ordered_output.h"

#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

// The map's own share included: empty records take memory too.
size_t bytes_of(const std::string& record) { return record.size() + 96; }

}  // namespace

void OrderedOutput::add(uint64_t number, std::string record) {
  waiting_bytes_ += bytes_of(record);
  waiting_[number] = std::move(record);
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == n_written_; ++n_written_) {
    out_ << first->second;
    waiting_bytes_ -= bytes_of(first->second);
    first = waiting_.erase(first);
  }
  out_.flush();
  if (!out_) throw Error(ErrorKind::kIo, "cannot write standard output");
}

}  // namespace rwkv
