#include "score/batch.h"

#include <unistd.h>

#include <iostream>

#include "common/line_source.h"
#include "common/memory.h"
#include "common/tool.h"
#include "core/error.h"
#include "score/request.h"
#include "score/summary.h"
#include "session/branch_scorer.h"

namespace rwkv {
namespace {

// Longer lines are not scored together.
constexpr size_t kBatchBytes = 1 << 20;

// How many the scorer reads: nothing is asked of what follows a branch.
uint64_t tokens_of(const Tree& tree) {
  uint64_t n = tree.stem.size();
  for (const auto& branch : tree.branches) n += branch.tokens.size() - 1;
  return n;
}

class ScoreBatch {
 public:
  ScoreBatch(const ScoreOptions& options, const Model& model, const Tokenizer* tokenizer, Sequence start,
             Workspace& workspace, ScoreStats& stats)
      : options_(options),
        batch_(bounded_by_memory(options.batch,
                                 2 * model.initial_state().bytes())),  // of a tree and of a branch
        context_{tokenizer, model.info().n_vocab, start.pending || !start.logits.empty()},
        stats_(stats),
        scorer_(model, std::move(start), bounded_by_memory(options.batch, 2 * model.initial_state().bytes()),
                workspace, [this](size_t n) { count_pass(n); }),
        summary_(tokenizer),
        progress_("score", "tokens", options.quiet) {}

  int run() {
    tell_of_terminal("requests");
    while (read_requests()) {
      score();
      progress_.clear();
      for (const auto& request : requests_) answer(request);
      std::cout.flush();
      if (!std::cout) throw Error(ErrorKind::kIo, "cannot write standard output");
    }
    check_interrupt();
    if (options_.json) {
      summary_.print_json(std::cout);
    } else if (!options_.quiet) {
      summary_.print_lines(std::cerr);
    }
    return summary_.exit_code();
  }

 private:
  // Those that are there, at least one; false at the end.
  bool read_requests() {
    requests_.clear();
    for (size_t n_bytes = 0; requests_.size() < batch_ && n_bytes < kBatchBytes;) {
      const auto line = lines_.next(requests_.empty());
      if (!line) break;
      if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
      requests_.push_back(parse_score_request(*line, lines_.line_number(), context_));
      n_to_read_ += tokens_of(requests_.back().tree);
      n_bytes += line->size();
    }
    return !requests_.empty();
  }

  void score() {
    std::vector<Tree> trees;
    for (auto& request : requests_) trees.push_back(std::move(request.tree));
    scorer_.score(trees);
    for (size_t i = 0; i < trees.size(); ++i) {
      requests_[i].tree = std::move(trees[i]);
      check_scores(requests_[i]);
    }
  }

  void answer(const ScoreRequest& request) {
    summary_.add(request);
    if (!options_.json) std::cout << score_answer(request, context_.tokenizer) << '\n';
  }

  void check_interrupt() const {
    if (!stop_requested()) return;
    const size_t n_unfinished = requests_.size();
    throw Error(ErrorKind::kInterrupted, "interrupted: " + std::to_string(n_unfinished) + " of " +
                                             std::to_string(summary_.n_requests() + n_unfinished) +
                                             " requests are unfinished, later ones were not begun");
  }

  void count_pass(size_t n_tokens) {
    check_interrupt();
    stats_.count(n_tokens);
    const double share = lines_.share_taken();
    progress_.update(stats_.n_tokens(),
                     share > 0 ? static_cast<uint64_t>(static_cast<double>(n_to_read_) / share) : 0);
  }

  const ScoreOptions& options_;
  size_t batch_;
  ScoreRequestContext context_;
  ScoreStats& stats_;
  BranchScorer scorer_;
  ScoreSummary summary_;
  Progress progress_;
  LineSource lines_{STDIN_FILENO};
  std::vector<ScoreRequest> requests_;
  uint64_t n_to_read_ = 0;  // tokens of all requests so far
};

}  // namespace

int score_requests(const ScoreOptions& options, const Model& model, const Tokenizer* tokenizer,
                   Sequence start, Workspace& workspace, ScoreStats& stats) {
  return ScoreBatch(options, model, tokenizer, std::move(start), workspace, stats).run();
}

}  // namespace rwkv
