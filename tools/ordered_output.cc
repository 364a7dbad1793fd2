#include "ordered_output.h"

#include <utility>

#include "core/error.h"

namespace rwkv {

void OrderedOutput::add(uint64_t number, std::string record) {
  waiting_bytes_ += record.size();
  waiting_[number] = std::move(record);
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == n_written_; ++n_written_) {
    out_ << first->second;
    waiting_bytes_ -= first->second.size();
    first = waiting_.erase(first);
  }
  out_.flush();
  if (!out_) throw Error(ErrorKind::kIo, "cannot write standard output");
}

}  // namespace rwkv
