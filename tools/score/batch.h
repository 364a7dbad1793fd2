// Scores many requests together.
#pragma once
#include "model/model.h"
#include "score/options.h"
#include "score/stats.h"
#include "session/sequence.h"
#include "text/tokenizer.h"

namespace rwkv {

// Answers the requests of standard input, which all follow `start`, in order; memory holds a few of them.
// `tokenizer` may be null. Returns the exit code: failure when a request had an error.
int score_requests(const ScoreOptions& options, const Model& model, const Tokenizer* tokenizer,
                   Sequence start, Workspace& workspace, ScoreStats& stats);

}  // namespace rwkv
