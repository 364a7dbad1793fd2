// rwkv-score: how likely a model finds a sequence of token ids.
#include <iostream>

#include "checkpoint/plan.h"
#include "common/command_line.h"
#include "common/load_model.h"
#include "common/tool.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "score/batch.h"
#include "score/input.h"
#include "score/report.h"
#include "score/stats.h"
#include "session/scorer.h"
#include "session/state_file.h"

namespace {

using namespace rwkv;

// The sequence that everything scored follows.
Sequence start_of(const ScoreOptions& options, const Model& model) {
  Sequence start;
  start.state = model.initial_state();
  if (!options.state_in.empty()) start = load_state(options.state_in, model, stop_requested);
  if (!options.bos) return start;
  const size_t n_vocab = model.info().n_vocab;
  if (*options.bos >= n_vocab) {
    usage_error("--bos " + std::to_string(*options.bos) + ": the vocabulary has " + std::to_string(n_vocab) +
                " ids");
  }
  if (start.n_tokens > 0) usage_error("--bos: the state of --state-in is not at a beginning");
  start.pending = options.bos;
  return start;
}

void throw_if_stopped(const ScoreStats& stats) {
  if (!stop_requested()) return;
  throw Error(ErrorKind::kInterrupted, "interrupted after " + std::to_string(stats.n_tokens()) + " tokens");
}

std::vector<TokenId> read_all(ScoreInput& input) {
  std::vector<TokenId> all, part;
  while (!stop_requested() && input.read(part)) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Rounding was chosen for this text: figures on it would flatter.
void refuse_calibration_text(const ScoreOptions& options, const Model& model, std::span<const TokenId> ids) {
  const auto mark = model.file().metadata().find(kCalibrationKey);
  if (mark == model.file().metadata().end() || mark->second != calibration_mark(ids)) return;
  throw Error(ErrorKind::kUsage, options.model + " was calibrated with this text: --against wants another");
}

int score_input(const ScoreOptions& options, const Model& model, const Tokenizer* tokenizer, Sequence start,
                Workspace& workspace, ScoreStats& stats) {
  ScoreInput input(options, tokenizer, model.info().n_vocab);
  // The beginning of a file of logits contains the number of rows.
  const bool count_first = !options.logits.empty() || !options.against.empty();
  std::vector<TokenId> ids = count_first ? read_all(input) : std::vector<TokenId>();
  throw_if_stopped(stats);
  if (!options.against.empty()) refuse_calibration_text(options, model, ids);
  ScoreReport report(options, tokenizer, ids.size(), model.info().n_vocab);
  Scorer scorer(model, {std::move(start), options.reset}, workspace, [&](const ScoredRow& row) {
    throw_if_stopped(stats);
    stats.count(1);
    report.add(row);
  });
  scorer.add(ids);
  while (!count_first && input.read(ids)) {
    report.expect(input.n_expected());
    scorer.add(ids);
  }
  throw_if_stopped(stats);
  scorer.finish();
  return report.finish();
}

int run(const ScoreOptions& options) {
  apply_target_environment();
  if (!options.logits.empty()) check_output(options.logits);
  const Model model = load_model(
      "rwkv-score", options.model,
      {.access = options.access, .group_norm_eps = options.group_norm_eps, .n_threads = options.threads});
  std::unique_ptr<const Tokenizer> tokenizer;
  if (options.vocabulary) tokenizer = load_vocabulary_of("rwkv-score", *options.vocabulary, model);
  Sequence start = start_of(options, model);
  Workspace workspace(options.threads);
  ScoreStats stats;
  int code = kSuccess;
  if (options.requests) {
    code = score_requests(options, model, tokenizer.get(), std::move(start), workspace, stats);
  } else {
    code = score_input(options, model, tokenizer.get(), std::move(start), workspace, stats);
  }
  if (options.stats) print_made_at_load(std::cerr, model), stats.print(std::cerr);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-score", [&] {
    const auto options = parse_score_options(argc, argv);
    return options ? run(*options) : kSuccess;
  });
}
