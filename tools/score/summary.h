// Sums over the answers of a run of requests.
#pragma once
#include <ostream>

#include "score/request.h"
#include "score/sums.h"

namespace boost::json {
class object;
}

namespace rwkv {

class ScoreSummary {
 public:
  // `tokenizer` may be null; it must outlive this.
  explicit ScoreSummary(const Tokenizer* tokenizer) : tokenizer_(tokenizer) {}

  void add(const ScoreRequest& request);
  uint64_t n_requests() const { return n_requests_; }
  // Failure when a request failed or nothing was scored; says so on stderr.
  int exit_code() const;
  void print_json(std::ostream& out) const;
  // The same, a key and its value a line; without answers nothing about multiple choices.
  void print_lines(std::ostream& out) const;

 private:
  // The number of choices that were right.
  struct Right {
    uint64_t best = 0, per_token = 0, per_byte = 0, greedy = 0;
  };
  void add_choice(const ScoreRequest& request);
  boost::json::object json() const;

  const Tokenizer* tokenizer_;
  uint64_t n_requests_ = 0, n_errors_ = 0, n_texts_ = 0, n_choices_ = 0;
  std::string first_error_;
  LikelihoodSum texts_;
  uint64_t n_answered_ = 0, n_with_bytes_ = 0;  // choices with an answer; those among them that are texts
  Right right_;
  double answer_nats_ = 0;  // -ln p of all answers
};

}  // namespace rwkv
