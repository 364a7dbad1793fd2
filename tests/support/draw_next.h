// Draws without a scheduler and without drafts, for comparison with both.
#pragma once
#include "session/continuation.h"

namespace rwkv {

// Draws one token. The continuation must not have stopped.
inline void draw_next(Continuation& continuation, Runner& runner) {
  Sequence* const one[] = {&continuation.sequence()};
  continuation.draw_from(runner.step(one, {}).front());
}

}  // namespace rwkv
