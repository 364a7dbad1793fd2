// Many requests to rwkv-score, scored together.
#pragma once
#include "model/model.h"
#include "model/sequence.h"
#include "score_options.h"
#include "score_stats.h"
#include "text/tokenizer.h"

namespace rwkv {

// Answers the requests of standard input, which all follow `start`, in order and in memory for a few of them.
// `tokenizer` may be null. Returns the exit code: failure when a request had an error.
int score_requests(const ScoreOptions& options, const Model& model, const Tokenizer* tokenizer,
                   Sequence start, Workspace& workspace, ScoreStats& stats);

}  // namespace rwkv
