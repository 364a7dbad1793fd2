// The C interface: evaluation and scoring of some sequences at a time.
#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "api/boundary.h"
#include "api/handles.h"
#include "core/available_threads.h"
#include "core/thread_pool.h"
#include "session/row_summary.h"

namespace {

using namespace rwkv;

// Takes the runner for one call.
class InUse {
 public:
  explicit InUse(rwkv_runner& runner) : runner_(runner) {
    if (runner.busy.exchange(true)) refuse("the runner is in use by another thread");
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { runner_.busy = false; }

 private:
  rwkv_runner& runner_;
};

void throw_if_cancelled(rwkv_runner& runner) {
  if (runner.cancelled.exchange(false)) throw Error(ErrorKind::kInterrupted, "cancelled");
}

// What one sequence is fed in a call.
struct Feed {
  Sequence* sequence = nullptr;
  std::span<const TokenId> ids{};
  bool begins = false;                 // a sequence of no ids: id 0 goes before
  bool keeps_last = false;             // the last id stays pending instead of being fed
  bool wants_rows = false;             // logits, of the rows that the call wants
  std::vector<TokenId> fed{};          // what the state has not taken up yet, then ids
  size_t n_before = 0;                 // of `fed`: not of ids
  size_t n_done = 0;                   // of `fed`: read by now
  rwkv_item* item = nullptr;           // of rwkv_runner_eval
  rwkv_token_score* scores = nullptr;  // of rwkv_runner_score

  bool is_complete() const { return n_done == fed.size(); }
};

// Checks everything; changes nothing.
Feed checked_feed(const rwkv_runner& runner, rwkv_sequence* handle, const uint32_t* ids, size_t n_ids) {
  if (given(handle, "sequence").model != runner.model)
    refuse("the sequence is of another model than the runner");
  check_ids(ids, n_ids, runner.model->info().n_vocab);
  Feed feed;
  feed.sequence = &handle->sequence;
  feed.ids = {ids, n_ids};
  return feed;
}

bool is_empty(const Sequence& sequence) { return sequence.n_tokens == 0 && !sequence.pending; }

void refuse_unknown_rest(const Sequence& sequence) {
  if (is_empty(sequence) || sequence.pending || !sequence.logits.empty()) return;
  refuse("the logits after the sequence are no longer known: evaluate with an id");
}

// Two feeds of one state would be evaluated at once.
void check_distinct(std::span<const Feed> feeds) {
  std::vector<const Sequence*> sequences;
  for (const Feed& feed : feeds) sequences.push_back(feed.sequence);
  std::ranges::sort(sequences);
  if (std::ranges::adjacent_find(sequences) != sequences.end()) refuse("a sequence is named twice");
}

void fill(Feed& feed) {
  if (feed.sequence->pending) feed.fed.push_back(*feed.sequence->pending);
  if (feed.begins) feed.fed.push_back(kEndOfTextId);
  feed.n_before = feed.fed.size();
  feed.fed.insert(feed.fed.end(), feed.ids.begin(), feed.ids.end() - (feed.keeps_last ? 1 : 0));
}

// The sequence stands after what has been read of it.
void settle(Feed& feed) {
  const bool complete = feed.is_complete();
  if (complete ? feed.fed.empty() && !feed.keeps_last : feed.n_done == 0) return;
  Sequence& sequence = *feed.sequence;
  sequence.pending.reset();
  if (complete && feed.keeps_last) sequence.pending = feed.ids.back();
  if (!complete || !feed.wants_rows || feed.keeps_last) sequence.logits.clear();
  const size_t n_read = complete ? feed.ids.size() : std::max(feed.n_done, feed.n_before) - feed.n_before;
  sequence.n_tokens += n_read + (feed.begins ? 1 : 0);
  if (n_read > 0) sequence.sampler.constraint = {};  // binds what is drawn behind them
  if (feed.item != nullptr) feed.item->n_read = n_read;
}

// Runs some feeds, calls on_row(feed, index in `fed`, row of the pass, pass) for each row that is wanted.
class Run {
 public:
  Run(rwkv_runner& runner, std::span<Feed> feeds) : runner_(runner), feeds_(feeds) {
    for (Feed& feed : feeds_) fill(feed);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    for (Feed& feed : feeds_) settle(feed);
  }

  // on_pass(pass, the feeds that its segments are of), for those feeds that `belongs` holds for.
  template <class Belongs, class OnPass>
  void forward(LogitRows which, Belongs&& belongs, OnPass&& on_pass) {
    std::vector<Feed*> active;
    std::vector<Segment> segments;
    for (Feed& feed : feeds_) {
      if (feed.fed.empty() || !belongs(feed)) continue;
      active.push_back(&feed);
      segments.push_back({feed.fed, &feed.sequence->state, feed.wants_rows});
    }
    if (segments.empty()) return;
    auto current = active.begin();
    const auto each_pass = [&](const PassLogits& pass) {
      for (size_t n_left = pass.n_tokens; n_left > 0;) {
        const size_t n = std::min(n_left, (*current)->fed.size() - (*current)->n_done);
        (*current)->n_done += n;
        n_left -= n;
        if ((*current)->is_complete()) ++current;
      }
      on_pass(pass, active);
      throw_if_cancelled(runner_);
    };
    runner_.model->forward(segments, which, each_pass, runner_.workspace);
  }

 private:
  rwkv_runner& runner_;
  std::span<Feed> feeds_;
};

void check_buffer(const rwkv_item& item, size_t n_vocab) {
  const size_t n_rows = item.want == RWKV_WANT_ALL ? item.n_ids : 1;
  if (item.want == RWKV_WANT_ALL && n_rows > 0) given(item.logits, "logits");
  if (item.want < RWKV_WANT_LAST || item.logits == nullptr || item.capacity / n_vocab >= n_rows) return;
  refuse("room for " + std::to_string(item.capacity) + " logits, want " + std::to_string(n_rows) +
         " rows of " + std::to_string(n_vocab));
}

Feed eval_feed(const rwkv_runner& runner, rwkv_item& item) {
  if (item.want < RWKV_WANT_NOTHING || item.want > RWKV_WANT_ALL) refuse("want is no rwkv_want");
  Feed feed = checked_feed(runner, item.sequence, item.ids, item.n_ids);
  check_buffer(item, runner.model->info().n_vocab);
  feed.item = &item;
  feed.wants_rows = item.want >= RWKV_WANT_LAST;
  feed.keeps_last = item.want == RWKV_WANT_NOTHING && item.n_ids > 0;
  if (item.n_ids == 0 && feed.wants_rows) {
    refuse_unknown_rest(*feed.sequence);
    feed.begins = is_empty(*feed.sequence);
  }
  return feed;
}

void hand_out(Feed& feed, size_t index, std::span<const float> row) {
  const rwkv_item& item = *feed.item;
  if (item.want == RWKV_WANT_ALL && index >= feed.n_before) {
    std::ranges::copy(row, item.logits + (index - feed.n_before) * row.size());
  }
  if (index + 1 < feed.fed.size()) return;
  feed.sequence->logits.assign(row.begin(), row.end());
  if (item.want == RWKV_WANT_LAST && item.logits != nullptr) std::ranges::copy(row, item.logits);
}

void eval(rwkv_runner& runner, std::span<rwkv_item> items) {
  std::vector<Feed> feeds;
  for (rwkv_item& item : items) feeds.push_back(eval_feed(runner, item));
  check_distinct(feeds);
  throw_if_cancelled(runner);
  Run run(runner, feeds);
  const auto on_pass = [](const PassLogits& pass, std::span<Feed* const> active) {
    for (size_t i = 0; i < pass.rows.size(); ++i) {
      hand_out(*active[pass.rows[i].segment], pass.rows[i].token, pass.logits.row(i));
    }
  };
  // Each row of logits costs a product, so those of whom all rows are wanted go by themselves.
  const auto wants_all = [](const Feed& feed) { return feed.item->want == RWKV_WANT_ALL; };
  run.forward(LogitRows::kLast, std::not_fn(wants_all), on_pass);
  run.forward(LogitRows::kAll, wants_all, on_pass);
  for (Feed& feed : feeds) {
    const bool known = feed.fed.empty() && feed.item->want == RWKV_WANT_LAST;
    if (known && feed.item->logits != nullptr) std::ranges::copy(feed.sequence->logits, feed.item->logits);
  }
}

Feed score_feed(const rwkv_runner& runner, const rwkv_score_item& item) {
  if (item.n_ids == 0) refuse("nothing to score");
  given(item.scores, "scores");
  Feed feed = checked_feed(runner, item.sequence, item.ids, item.n_ids);
  refuse_unknown_rest(*feed.sequence);
  feed.begins = is_empty(*feed.sequence);
  feed.keeps_last = feed.wants_rows = true;
  feed.scores = item.scores;
  return feed;
}

rwkv_token_score score_of(TokenId id, std::span<const float> row, const RowSummary& summary) {
  const double log_prob = row[id] - summary.log_sum;
  if (std::isnan(log_prob)) throw Error(ErrorKind::kFormat, "the model's logits are not numbers");
  return {log_prob, summary.likeliest};
}

void score(rwkv_runner& runner, std::span<const rwkv_score_item> items) {
  std::vector<Feed> feeds;
  for (const rwkv_score_item& item : items) feeds.push_back(score_feed(runner, item));
  check_distinct(feeds);
  throw_if_cancelled(runner);
  for (Feed& feed : feeds) {
    const auto& known = feed.sequence->logits;
    if (!known.empty()) feed.scores[0] = score_of(feed.ids[0], known, summarize_row(known));
  }
  Run run(runner, feeds);
  const auto on_pass = [&](const PassLogits& pass, std::span<Feed* const> active) {
    const auto summaries = summarize_rows(pass.logits, runner.workspace.pool());
    for (size_t i = 0; i < pass.rows.size(); ++i) {
      const Feed& feed = *active[pass.rows[i].segment];
      const size_t next = pass.rows[i].token + 1 - feed.n_before;
      feed.scores[next] = score_of(feed.ids[next], pass.logits.row(i), summaries[i]);
    }
  };
  run.forward(
      LogitRows::kAll, [](const Feed&) { return true; }, on_pass);
}

}  // namespace

rwkv_runner* rwkv_runner_new(const rwkv_model* model, size_t n_threads, rwkv_error* error) {
  return guarded_pointer(error, [&] {
    const auto& loaded = given(model, "model").model;
    return new rwkv_runner{loaded, Workspace(n_threads == 0 ? available_threads() : n_threads)};
  });
}

void rwkv_runner_free(rwkv_runner* runner) { delete runner; }

int rwkv_runner_eval(rwkv_runner* runner, rwkv_item* items, size_t n_items, rwkv_error* error) {
  return guarded(error, [&] {
    const InUse in_use(given(runner, "runner"));
    for (size_t i = 0; i < n_items; ++i) (&given(items, "items"))[i].n_read = 0;
    eval(*runner, {items, n_items});
    return RWKV_OK;
  });
}

int rwkv_runner_score(rwkv_runner* runner, const rwkv_score_item* items, size_t n_items, rwkv_error* error) {
  return guarded(error, [&] {
    const InUse in_use(given(runner, "runner"));
    if (n_items > 0) given(items, "items");
    score(*runner, {items, n_items});
    return RWKV_OK;
  });
}

void rwkv_runner_cancel(rwkv_runner* runner) {
  if (runner != nullptr) runner->cancelled = true;
}
