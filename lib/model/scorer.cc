#include "model/scorer.h"

#include <algorithm>
#include <vector>

namespace rwkv {
namespace {

// The tokens that the model reads for one window: bos, if any, and the window itself.
std::vector<TokenId> part_to_read(const std::optional<TokenId>& bos, std::span<const TokenId> window,
                                  size_t begin, size_t end) {
  const size_t n_bos = bos ? 1 : 0;
  std::vector<TokenId> part;
  for (size_t i = begin; i < end; ++i) part.push_back(i < n_bos ? *bos : window[i - n_bos]);
  return part;
}

void score_window(const Model& model, const ScoreRun& run, std::span<const TokenId> window,
                  size_t first_position, Workspace& workspace,
                  const std::function<void(const ScoredRow&)>& on_row) {
  State state = run.initial;
  const size_t n_bos = run.bos ? 1 : 0, n_rows = n_bos + window.size(), n_vocab = model.info().n_vocab;
  std::vector<float> logits(std::min(n_rows, kRowsOfPass) * n_vocab);
  for (size_t begin = 0; begin < n_rows; begin += kRowsOfPass) {
    const size_t end = std::min(n_rows, begin + kRowsOfPass);
    const auto part = part_to_read(run.bos, window, begin, end);
    const MatSpan<float> rows(logits.data(), part.size(), n_vocab);
    const Segment segment{part, &state};
    model.forward({&segment, 1}, LogitRows::kAll, rows, workspace);
    for (size_t i = begin; i < end; ++i) {
      ScoredRow row{std::nullopt, std::nullopt, rows.row(i - begin)};
      if (i >= n_bos) row.position = first_position + i - n_bos;
      if (i + 1 < n_rows) row.next = window[i + 1 - n_bos];
      on_row(row);
    }
  }
}

}  // namespace

void score(const Model& model, const ScoreRun& run, std::span<const TokenId> tokens, Workspace& workspace,
           const std::function<void(const ScoredRow&)>& on_row) {
  const size_t window = run.window == 0 ? tokens.size() : run.window;
  for (size_t begin = 0; begin < tokens.size(); begin += window) {
    const auto part = tokens.subspan(begin, std::min(window, tokens.size() - begin));
    score_window(model, run, part, begin, workspace, on_row);
  }
}

}  // namespace rwkv
