// Requests as jobs of a batch.
#pragma once
#include <map>
#include <set>

#include "common/line_source.h"
#include "generate/batch_run.h"
#include "generate/jsonl_request.h"
#include "text/tokenizer.h"

namespace rwkv {

// Reads requests from standard input, one a line; answers are lines as well. A request that uses a state file
// waits until earlier requests that write this file have ended.
class JsonlSource : public JobSource {
 public:
  JsonlSource(const GenerateOptions& options, const Tokenizer* tokenizer, const Runner& runner);

  std::optional<BatchJob> next(bool wait) override;
  std::string answer(BatchJob& job) override;
  std::string origin(const BatchJob& job) const override;
  uint64_t n_expected() const override;

 private:
  std::optional<Request> next_request(bool wait);
  bool must_wait(const Request& request) const;
  Sequence start_of(const Request& request) const;
  BatchJob job_of(Request request);

  RequestDefaults defaults_;
  const Runner& runner_;
  LineSource lines_;
  std::optional<Request> held_;  // waits for a state file
  struct InFlight {
    Request request;
    std::string written;  // the state file that it will write, in a form that identifies files; empty: none
  };
  std::map<uint64_t, InFlight> in_flight_;  // by job number
  std::set<std::string> being_written_;
  uint64_t n_requests_ = 0;
};

}  // namespace rwkv
