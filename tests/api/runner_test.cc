// rwkv_runner_eval, rwkv_runner_score: whatever is asked for together, and how it is cut, changes no bit.
#include <algorithm>
#include <cmath>
#include <limits>

#include "fixture.h"
#include "sampling/log_prob.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

using api::Sequence;

rwkv_item item_of(Sequence& sequence, const std::vector<uint32_t>& ids, rwkv_want want) {
  return {sequence.get(), ids.data(), ids.size(), want, nullptr, 0, 0};
}

TEST_P(Api, LogitsAreTheSameBitsHoweverATextIsCut) {
  const auto ids = some_ids(150);
  Sequence whole(model_), cut(model_);
  runner_.eval(whole, ids);
  const std::span all(ids);
  runner_.read(cut, all.first(1));
  runner_.read(cut, all.subspan(1, 100));
  runner_.eval(cut, all.subspan(101));
  EXPECT_EQ(logits_of(whole, model_), logits_of(cut, model_));
  EXPECT_EQ(whole.length(), 150U);
  EXPECT_EQ(cut.length(), 150U);
}

TEST_P(Api, OneCallTakesItemsOfEveryKind) {
  const auto ids = some_ids(130);
  const size_t n_vocab = model_.info().n_vocab;
  Sequence nothing(model_), state(model_), last(model_), all(model_), empty(model_);
  std::vector<float> last_row(n_vocab), all_rows(ids.size() * n_vocab);
  std::vector<rwkv_item> items = {item_of(nothing, ids, RWKV_WANT_NOTHING),
                                  item_of(state, ids, RWKV_WANT_STATE), item_of(last, ids, RWKV_WANT_LAST),
                                  item_of(all, ids, RWKV_WANT_ALL), item_of(empty, {}, RWKV_WANT_LAST)};
  items[2].logits = last_row.data(), items[2].capacity = last_row.size();
  items[3].logits = all_rows.data(), items[3].capacity = all_rows.size();
  runner_.eval(items);

  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(items[i].n_read, ids.size());
  EXPECT_TRUE(nothing.logits(model_).empty());
  EXPECT_EQ(rwkv_sequence_pending(nothing.get(), nullptr), 1);
  EXPECT_EQ(rwkv_sequence_pending(state.get(), nullptr), 0);
  EXPECT_TRUE(state.logits(model_).empty());
  runner_.eval(nothing);
  EXPECT_EQ(logits_of(nothing, model_), last_row);
  EXPECT_EQ(logits_of(last, model_), last_row);
  EXPECT_EQ(logits_of(all, model_), last_row);
  EXPECT_TRUE(std::equal(last_row.begin(), last_row.end(), all_rows.end() - static_cast<long>(n_vocab)));
  EXPECT_EQ(empty.length(), 1U);
  Sequence from_0(model_);
  runner_.eval(from_0, std::vector<uint32_t>{0});
  EXPECT_EQ(logits_of(empty, model_), logits_of(from_0, model_));
}

TEST_P(Api, RowsOfAllLeaveOutThePendingId) {
  const auto ids = some_ids(5);
  const size_t n_vocab = model_.info().n_vocab;
  Sequence cut(model_), whole(model_);
  runner_.read(cut, std::span(ids).first(2));
  std::vector<float> rows(3 * n_vocab), all(5 * n_vocab);
  rwkv_item item{cut.get(), ids.data() + 2, 3, RWKV_WANT_ALL, rows.data(), rows.size(), 0};
  runner_.eval({&item, 1});
  item = {whole.get(), ids.data(), 5, RWKV_WANT_ALL, all.data(), all.size(), 0};
  runner_.eval({&item, 1});
  EXPECT_TRUE(std::equal(rows.begin(), rows.end(), all.begin() + static_cast<long>(2 * n_vocab)));
}

TEST_P(Api, WhatIsKnownIsHandedOutAgain) {
  Sequence sequence(model_);
  runner_.eval(sequence, some_ids(3));
  std::vector<float> row(model_.info().n_vocab);
  rwkv_item item{sequence.get(), nullptr, 0, RWKV_WANT_LAST, row.data(), row.size(), 0};
  runner_.eval({&item, 1});
  EXPECT_EQ(row, logits_of(sequence, model_));
  EXPECT_EQ(sequence.length(), 3U);
}

TEST_P(Api, WhatAStrangerMayGetWrongIsRefusedAndChangesNothing) {
  Sequence sequence(model_), other(model_);
  const auto ids = some_ids(4);
  runner_.eval(sequence, ids);
  const auto before = logits_of(sequence, model_);
  const size_t n_vocab = model_.info().n_vocab;
  const auto eval = [&](std::vector<rwkv_item> items) { return failure_of([&] { runner_.eval(items); }); };

  const std::vector<uint32_t> beyond = {1, 4000000000U};
  EXPECT_EQ(eval({item_of(other, ids, RWKV_WANT_LAST), item_of(sequence, beyond, RWKV_WANT_LAST)}),
            "id 4000000000 at position 1: the vocabulary has " + std::to_string(n_vocab) + " ids");
  EXPECT_EQ(eval({item_of(sequence, ids, RWKV_WANT_LAST), item_of(sequence, ids, RWKV_WANT_LAST)}),
            "a sequence is named twice");
  EXPECT_EQ(eval({{nullptr, ids.data(), 1, RWKV_WANT_LAST, nullptr, 0, 0}}), "sequence is NULL");
  EXPECT_EQ(eval({{sequence.get(), nullptr, 2, RWKV_WANT_LAST, nullptr, 0, 0}}), "ids is NULL");
  EXPECT_EQ(eval({{sequence.get(), ids.data(), 2, RWKV_WANT_ALL, nullptr, 0, 0}}), "logits is NULL");
  EXPECT_EQ(eval({{sequence.get(), ids.data(), 2, 4, nullptr, 0, 0}}), "want is no rwkv_want");
  std::vector<float> row(n_vocab);
  EXPECT_EQ(eval({{sequence.get(), ids.data(), 2, RWKV_WANT_ALL, row.data(), row.size(), 0}}),
            "room for " + std::to_string(n_vocab) + " logits, want 2 rows of " + std::to_string(n_vocab));
  const api::Model another(demo(GetParam()));
  Sequence foreign(another);
  EXPECT_EQ(eval({item_of(foreign, ids, RWKV_WANT_LAST)}),
            "the sequence is of another model than the runner");
  EXPECT_EQ(logits_of(sequence, model_), before);
  EXPECT_EQ(other.length(), 0U);

  rwkv_item item = item_of(other, ids, RWKV_WANT_STATE);
  runner_.eval({&item, 1});
  EXPECT_EQ(eval({item_of(other, {}, RWKV_WANT_LAST)}),
            "the logits after the sequence are no longer known: evaluate with an id");
  EXPECT_EQ(rwkv_runner_eval(nullptr, nullptr, 0, nullptr), RWKV_USAGE);
}

TEST_P(Api, ACancelledRunStandsWhereItSays) {
  const auto ids = some_ids(500);
  Sequence sequence(model_), whole(model_);
  runner_.cancel();
  rwkv_item item = item_of(sequence, ids, RWKV_WANT_LAST);
  EXPECT_EQ(failure_of([&] { runner_.eval({&item, 1}); }), "cancelled");
  EXPECT_EQ(item.n_read, 0U);
  runner_.eval(sequence, ids);
  runner_.eval(whole, ids);
  EXPECT_EQ(logits_of(sequence, model_), logits_of(whole, model_));
}

TEST_P(Api, ScoresAreThoseOfTheLogits) {
  const auto ids = some_ids(140);
  const size_t n_vocab = model_.info().n_vocab;
  std::vector<uint32_t> fed = {0};
  fed.insert(fed.end(), ids.begin(), ids.end() - 1);
  Sequence sequence(model_), rows_of(model_);
  std::vector<float> rows(fed.size() * n_vocab);
  rwkv_item item{rows_of.get(), fed.data(), fed.size(), RWKV_WANT_ALL, rows.data(), rows.size(), 0};
  runner_.eval({&item, 1});
  const auto scores = runner_.score(sequence, ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::span<const float> row(rows.data() + i * n_vocab, n_vocab);
    EXPECT_EQ(scores[i].log_prob, log_prob(row, ids[i]));
    EXPECT_EQ(scores[i].likeliest, std::ranges::max_element(row) - row.begin());
  }
  EXPECT_EQ(sequence.length(), ids.size() + 1);
  uint32_t pending = 0;
  EXPECT_EQ(rwkv_sequence_pending(sequence.get(), &pending), 1);
  EXPECT_EQ(pending, ids.back());
}

TEST_P(Api, ScoresDoNotDependOnWhatIsKnownOrScoredTogether) {
  const auto ids = some_ids(9);
  const std::span all(ids);
  Sequence whole(model_);
  const auto expected = runner_.score(whole, ids);
  std::vector<Sequence> parts(2, Sequence(model_));
  runner_.eval(parts[0], std::vector<uint32_t>{0});  // what follows is known
  runner_.eval(parts[0], all.first(3));
  runner_.read(parts[1], std::vector<uint32_t>{0});  // 2 is pending
  runner_.read(parts[1], all.first(2));
  std::vector<rwkv_token_score> one(6), two(7);
  const rwkv_score_item items[] = {{parts[0].get(), ids.data() + 3, 6, one.data()},
                                   {parts[1].get(), ids.data() + 2, 7, two.data()}};
  ASSERT_EQ(rwkv_runner_score(runner_.get(), items, 2, nullptr), RWKV_OK);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(one[i].log_prob, expected[i + 3].log_prob);
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(two[i].log_prob, expected[i + 2].log_prob);
}

TEST_P(Api, FloatsMakeTheSequence) {
  Sequence one(model_), other(model_);
  const auto ids = some_ids(6);
  rwkv_item item = item_of(one, ids, RWKV_WANT_STATE);
  runner_.eval({&item, 1});
  const rwkv_info info = model_.info();
  size_t n_floats = 0;
  for (size_t layer = 0; layer < info.n_layers; ++layer) {
    for (size_t i = 0; i < info.n_parts; ++i) {
      rwkv_part part{};
      part.size = sizeof part;
      ASSERT_EQ(rwkv_model_part(model_.get(), i, &part, nullptr), RWKV_OK);
      const auto from = one.floats(layer, part.name);
      EXPECT_EQ(from.size(), part.n_floats);
      std::ranges::copy(from, other.floats(layer, part.name).begin());
      n_floats += part.n_floats;
    }
  }
  EXPECT_EQ(n_floats, info.n_state_floats);
  runner_.eval(one, std::vector<uint32_t>{7});
  runner_.eval(other, std::vector<uint32_t>{7});
  EXPECT_EQ(logits_of(one, model_), logits_of(other, model_));
  EXPECT_EQ(failure_of([&] { one.floats(info.n_layers, "att_x"); }),
            "layer " + std::to_string(info.n_layers) + ": the model has " + std::to_string(info.n_layers));
  EXPECT_EQ(failure_of([&] { one.floats(0, "none"); }), "the state has no part 'none'");
}

TEST_P(Api, SavedLoadedAndClonedSequencesGoOnAlike) {
  const TempDir folder;
  const std::string path = (folder / "a.state").string();
  Sequence sequence(model_);
  runner_.eval(sequence, some_ids(7));
  for (int i = 0; i < 5; ++i) sequence.sample(), runner_.eval(sequence);
  sequence.save(path);
  Sequence loaded = Sequence::load(model_, path), clone = sequence;
  for (int i = 0; i < 5; ++i) {
    const uint32_t id = sequence.sample();
    EXPECT_EQ(loaded.sample(), id);
    EXPECT_EQ(clone.sample(), id);
    runner_.eval(sequence), runner_.eval(loaded), runner_.eval(clone);
  }
}

INSTANTIATE_TEST_SUITE_P(Demo, Api, testing::Values("rwkv4-shakespeare.pth", "rwkv7-shakespeare.pth"),
                         [](const auto& parameter) { return std::string(parameter.param).substr(0, 5); });

}  // namespace
}  // namespace rwkv
