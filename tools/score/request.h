// Requests to rwkv-score, and its answers, as JSON objects one a line.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "score/sums.h"
#include "session/branch_scorer.h"
#include "text/tokenizer.h"

namespace rwkv {

// What parsing requests needs.
struct ScoreRequestContext {
  const Tokenizer* tokenizer = nullptr;  // null: no vocabulary, so only ids
  size_t n_vocab = 0;                    // of the model
  bool has_start = false;                // something precedes every text and predicts its first token
};

struct ScoreRequest {
  uint64_t line = 0;        // number in the input, from 1
  std::string id = "null";  // JSON text, returned byte for byte
  std::string error;        // not empty: why the request cannot be run
  Tree tree;                // to be scored; a text has one branch, or none if it has no token to score
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

// The indices of the highest figures; of equal ones the lowest index.
struct BestChoices {
  size_t best = 0, per_token = 0;
  std::optional<size_t> per_byte;  // if all choices are texts
};

// Never throws an Error: `error` says what is wrong with the line.
ScoreRequest parse_score_request(std::string_view line, uint64_t line_number,
                                 const ScoreRequestContext& context);

// Call when the tree is scored: sets the request's error when a figure is not a number.
void check_scores(ScoreRequest& request);
// The same. `tokenizer` may be null.
LikelihoodSum text_sum(const ScoreRequest& request, const Tokenizer* tokenizer);
std::vector<ChoiceFigures> choice_figures(const ScoreRequest& request);
BestChoices best_of(const std::vector<ChoiceFigures>& choices);

// One line, without its line break.
std::string score_answer(const ScoreRequest& request, const Tokenizer* tokenizer);

}  // namespace rwkv
