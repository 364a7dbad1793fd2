// Requests to rwkv-score and its answers, a JSON object on a line each.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "score/sums.h"
#include "session/branch_scorer.h"
#include "text/tokenizer.h"

namespace rwkv {

// What requests are read with.
struct ScoreRequestContext {
  const Tokenizer* tokenizer = nullptr;  // null: no vocabulary, hence no text
  size_t n_vocab = 0;                    // of the model
  bool has_start = false;                // something is in front of every text, and predicts its first token
};

struct ScoreRequest {
  uint64_t line = 0;        // its number in the input, from 1 on
  std::string id = "null";  // JSON, given back byte for byte
  std::string error;        // not empty: the request cannot be served, for this reason
  Tree tree;                // to be scored; a text has one branch, or none if it has nothing to score
  // Of texts.
  bool per_token = false;
  // Of multiple choices.
  bool is_choice = false;
  std::vector<std::optional<size_t>> choice_bytes;  // of choices given as text
  size_t n_context = 0;                             // tokens
  std::optional<size_t> answer;                     // index of the right choice
};

// Sums of a choice's scores.
struct ChoiceFigures {
  double log_prob = 0, per_token = 0;
  std::optional<double> per_byte;
  bool greedy = true;  // every token was the likeliest
};

// The indices of the highest figures, of equals the lowest.
struct BestChoices {
  size_t best = 0, per_token = 0;
  std::optional<size_t> per_byte;  // if all choices are texts
};

// Never throws an Error: what is wrong with the line is told in `error`.
ScoreRequest parse_score_request(std::string_view line, uint64_t line_number,
                                 const ScoreRequestContext& context);

// Once the tree is scored: gives the request an error when a figure is none.
void check_scores(ScoreRequest& request);
// The same. `tokenizer` may be null.
LikelihoodSum text_sum(const ScoreRequest& request, const Tokenizer* tokenizer);
std::vector<ChoiceFigures> choice_figures(const ScoreRequest& request);
BestChoices best_of(const std::vector<ChoiceFigures>& choices);

// One line, without its line break.
std::string score_answer(const ScoreRequest& request, const Tokenizer* tokenizer);

}  // namespace rwkv
