#include "score/report.h"

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "common/json_text.h"
#include "common/signals.h"
#include "core/error.h"
#include "generate/token_output.h"
#include "sampling/log_prob.h"
#include "score/json.h"
#include "text/escape.h"

namespace rwkv {
namespace {

NpyFile open_reference(const std::string& path, uint64_t n_rows, size_t n_vocab) {
  NpyFile matrix = NpyFile::open(path, stop_requested);
  if (matrix.rows() != n_rows || matrix.cols() != n_vocab) {
    throw Error(ErrorKind::kFormat, path + ": logits of " + std::to_string(matrix.rows()) + " ids and " +
                                        std::to_string(matrix.cols()) + " vocabulary entries, want " +
                                        std::to_string(n_rows) + " and " + std::to_string(n_vocab));
  }
  return matrix;
}

void print(std::ostream& out, const char* format, double number) {
  char text[400];
  std::snprintf(text, sizeof text, format, number);
  out << text;
}

}  // namespace

ScoreReport::ScoreReport(const ScoreOptions& options, const Tokenizer* tokenizer, uint64_t n_ids,
                         size_t n_vocab)
    : options_(options),
      tokenizer_(tokenizer),
      n_expected_(n_ids),
      progress_("score", "ids", options.quiet),
      reference_row_(n_vocab) {
  if (!options.against.empty()) reference_.emplace(open_reference(options.against, n_ids, n_vocab));
  if (!options.logits.empty()) writer_.emplace(options.logits, n_ids, n_vocab, stop_requested);
  if (options.json && options.per_token) std::cout << "{\"per_token\":[";
}

void ScoreReport::add(const ScoredRow& row) {
  if (row.position) compare_and_write(row);
  if (row.next) {
    add_likelihood(row.position ? *row.position + 1 : 0, *row.next,
                   row.logits[*row.next] - row.summary.log_sum);
  }
}

int ScoreReport::finish() {
  if (writer_) writer_->commit();
  progress_.clear();
  options_.json ? print_json() : print_lines();
  const bool has_result = sum_.tokens > 0 || n_kept_rows_ > 0;
  if (!has_result) tell("nothing was scored: want at least two ids, or --bos in front");
  return has_result ? kSuccess : kFailure;
}

void ScoreReport::compare_and_write(const ScoredRow& row) {
  const size_t position = *row.position;
  progress_.update(position, n_expected_);
  if (writer_ || reference_) ++n_kept_rows_;
  if (writer_) writer_->write_row(row.logits);
  if (!reference_) return;
  reference_->read_row(position, reference_row_);
  with_context(options_.against + ": row " + std::to_string(position), [&] { check_logits(reference_row_); });
  comparison_.add(reference_row_, row.logits, row.next);
}

void ScoreReport::add_likelihood(size_t position, TokenId id, double log_prob) {
  sum_.add(log_prob, tokenizer_ != nullptr ? bytes_of_drawn(*tokenizer_, id).size() : 0);
  if (!options_.per_token) return;
  print_token(position, id, log_prob);
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write standard output");
}

void ScoreReport::print_token(size_t position, TokenId id, double log_prob) {
  if (options_.json || options_.jsonl) {
    if (options_.json && sum_.tokens > 1) std::cout << ',';
    std::cout << json_text(token_json(position, id, log_prob, tokenizer_));
    if (options_.jsonl) std::cout << '\n';
    return;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%zu\t%u\t%.9g", position, id, log_prob);
  std::cout << text;
  if (tokenizer_ != nullptr) std::cout << '\t' << escape_bytes(bytes_of_drawn(*tokenizer_, id));
  std::cout << '\n';
}

void ScoreReport::print_json() const {
  boost::json::object object = figures_json(sum_, tokenizer_ != nullptr);
  if (reference_) object["against"] = comparison_json(comparison_, sum_);
  std::cout << (options_.per_token ? "]," + json_text(object).substr(1) : json_text(object)) << '\n';
}

// With --per-token the lines are the data, and this is talk.
void ScoreReport::print_lines() const {
  std::ostream& out = options_.per_token ? std::cerr : std::cout;
  if (options_.per_token && options_.quiet) return;
  if (sum_.tokens > 0) {
    print(out, "tokens\t%.0f\n", static_cast<double>(sum_.tokens));
    print(out, "nats/token\t%.6f\n", sum_.nats_per_token());
    print(out, "perplexity\t%.6f\n", sum_.perplexity());
    if (tokenizer_ != nullptr) print(out, "bits/byte\t%.6f\n", sum_.bits_per_byte());
  }
  if (comparison_.rows() > 0) print_comparison(out);
}

void ScoreReport::print_comparison(std::ostream& out) const {
  if (sum_.tokens > 0) {
    print(out, "perplexity, standard error\t%.6f\n", sum_.perplexity_error());
    print(out, "change of p, mean\t%.9g\n", comparison_.mean_change());
    print(out, "change of p, rms\t%.9g\n", comparison_.rms_change());
  }
  for (const double percent : kKlPercentiles) {
    print(out, "KL, %g %%\t", percent);
    print(out, "%.9g\n", comparison_.kl_percentile(percent));
  }
  print(out, "KL, standard error\t%.9g\n", comparison_.kl_error());
  print(out, "mean KL\t%.9g\n", comparison_.mean_kl());
  print(out, "top-1 agreement\t%.6f\n", comparison_.top1_share());
  print(out, "largest difference\t%.9g\n", comparison_.largest_difference());
}

}  // namespace rwkv
