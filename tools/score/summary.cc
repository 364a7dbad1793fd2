#include "score/summary.h"

#include <boost/json.hpp>
#include <cmath>

#include "common/json_text.h"
#include "common/tool.h"
#include "score/json.h"

namespace rwkv {
namespace {

double share(uint64_t part, uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace

void ScoreSummary::add(const ScoreRequest& request) {
  ++n_requests_;
  if (!request.error.empty()) {
    if (n_errors_++ == 0) first_error_ = "line " + std::to_string(request.line) + ": " + request.error;
  } else if (request.is_choice) {
    add_choice(request);
  } else {
    ++n_texts_;
    const LikelihoodSum sum = text_sum(request, tokenizer_);
    texts_.tokens += sum.tokens;
    texts_.bytes += sum.bytes;
    texts_.nats += sum.nats;
  }
}

int ScoreSummary::exit_code() const {
  if (n_errors_ > 0) {
    tell(std::to_string(n_errors_) + " of " + std::to_string(n_requests_) +
         " requests failed, the first in " + first_error_);
  } else if (n_choices_ == 0 && texts_.tokens == 0) {
    tell("nothing was scored");
  } else {
    return kSuccess;
  }
  return kFailure;
}

void ScoreSummary::add_choice(const ScoreRequest& request) {
  ++n_choices_;
  if (!request.answer) return;
  ++n_answered_;
  const auto figures = choice_figures(request);
  const BestChoices best = best_of(figures);
  right_.best += best.best == *request.answer;
  right_.per_token += best.per_token == *request.answer;
  right_.per_byte += best.per_byte == request.answer;
  right_.greedy += figures[*request.answer].greedy;
  n_with_bytes_ += best.per_byte.has_value();
  answer_nats_ -= figures[*request.answer].log_prob;
}

boost::json::object ScoreSummary::json() const {
  boost::json::object object{{"requests", n_requests_}, {"errors", n_errors_}};
  if (n_texts_ > 0) {
    object["documents"] = n_texts_;
    const auto figures = figures_json(texts_, tokenizer_ != nullptr);
    object.insert(figures.begin(), figures.end());
  }
  if (n_choices_ > 0) object["questions"] = n_choices_;
  if (n_answered_ == 0) return object;
  object["answered"] = n_answered_;
  object["accuracy"] = share(right_.best, n_answered_);
  object["accuracy_per_token"] = share(right_.per_token, n_answered_);
  if (n_with_bytes_ == n_answered_) object["accuracy_per_byte"] = share(right_.per_byte, n_answered_);
  object["greedy"] = share(right_.greedy, n_answered_);
  object["answer_perplexity"] = finite_or_null(std::exp(answer_nats_ / static_cast<double>(n_answered_)));
  return object;
}

void ScoreSummary::print_json(std::ostream& out) const { out << json_text(json()) << '\n'; }

void ScoreSummary::print_lines(std::ostream& out) const {
  for (const auto& [key, value] : json()) {
    out << key << '\t';
    value.is_double() ? out << value.get_double() : out << json_text(value);
    out << '\n';
  }
}

}  // namespace rwkv
