#include "session/state_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "formats/tensor_file.h"
#include "session/runner.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::string message_of(const std::filesystem::path& path, const Model& model) {
  try {
    load_state(path, model);
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.starts_with(path.string() + ": ")) << text;
    return text.substr(path.string().size() + 2);
  }
  return "loaded";
}

bool same_values(const State& a, const State& b) {
  for (size_t layer = 0; layer < a.n_layers(); ++layer) {
    for (size_t i = 0; i < a.parts().size(); ++i) {
      if (!std::ranges::equal(a.part(layer, i), b.part(layer, i))) return false;
    }
  }
  return true;
}

class StateFile : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  TempDir folder_;
  std::filesystem::path path_ = folder_ / "a.state";

  Sequence some_sequence() {
    Runner runner(model_, 1);
    Sequence sequence = runner.new_sequence();
    const std::vector<TokenId> tokens{3, 1, 4, 1, 5};
    runner.read(sequence, tokens);
    sequence.sampler = {.position = 7,
                        .counts = {{2, 0.5F}, {300, 1.25F}},
                        .constraint = {.digest = "abc", .text = "{\"\xC3"}};
    return sequence;
  }
  // Writes the state with one thing changed.
  using Tensors = std::vector<TensorView>;
  using Metadata = std::map<std::string, std::string>;
  void write_changed(const std::function<void(Tensors&, Metadata&)>& change) {
    save_state(folder_ / "good", some_sequence(), model_);
    const auto file = TensorFile::open(folder_ / "good");
    Tensors tensors(file.tensors().begin(), file.tensors().end());
    Metadata metadata = file.metadata();
    change(tensors, metadata);
    write_safetensors(path_, tensors, metadata);
  }
};

TEST_P(StateFile, RefusesATextUnderAConstraintThatIsNotThereOrNoText) {
  write_changed([](Tensors& tensors, Metadata&) {
    std::erase_if(tensors, [](const TensorView& t) { return t.name == "constraint.text"; });
  });
  EXPECT_EQ(message_of(path_, model_), "tensor constraint.text: is missing");
  write_changed([](Tensors& tensors, Metadata&) {
    for (TensorView& t : tensors) {
      if (t.name == "constraint.text") t.dtype = DType::kI8;
    }
  });
  EXPECT_EQ(message_of(path_, model_), "tensor constraint.text: i8[3], want u8[3]");
}

TEST_P(StateFile, KeepsAllOfASequence) {
  const Sequence saved = some_sequence();
  save_state(path_, saved, model_);
  const Sequence loaded = load_state(path_, model_);
  EXPECT_TRUE(same_values(loaded.state, saved.state));
  EXPECT_EQ(loaded.pending, saved.pending);
  EXPECT_EQ(loaded.n_tokens, 5);
  EXPECT_EQ(loaded.sampler, saved.sampler);
  EXPECT_TRUE(loaded.logits.empty());
  EXPECT_EQ(folder_.n_files(), 1);
}

TEST_P(StateFile, KeepsLogitsWhereNoTokenIsPending) {
  Sequence saved = some_sequence();
  saved.pending.reset();
  saved.logits.assign(model_.info().n_vocab, 0.25F);
  save_state(path_, saved, model_);
  const Sequence loaded = load_state(path_, model_);
  EXPECT_FALSE(loaded.pending);
  EXPECT_EQ(loaded.logits, saved.logits);
}

TEST_P(StateFile, KeepsASequenceOfNoTokens) {
  save_state(path_, Runner(model_, 1).new_sequence(), model_);
  const Sequence loaded = load_state(path_, model_);
  EXPECT_EQ(loaded.n_tokens, 0);
  EXPECT_FALSE(loaded.pending);
}

TEST_P(StateFile, TellsOfItself) {
  save_state(path_, some_sequence(), model_);
  const StateInfo info = read_state_info(TensorFile::open(path_));
  EXPECT_EQ(info.model_version, model_.info().version);
  EXPECT_EQ(info.model_size, "3 layers of 64");
  EXPECT_EQ(info.model.size(), 16);
  EXPECT_EQ(info.n_tokens, 5);
  EXPECT_EQ(info.pending, 5);
  EXPECT_FALSE(info.has_logits);
  EXPECT_EQ(info.sampler_position, 7);
  EXPECT_EQ(info.n_counted, 2);
  write_changed([](Tensors&, Metadata& m) { m["tokens"] = "many"; });
  EXPECT_THROW(read_state_info(TensorFile::open(path_)), Error);
}

TEST_P(StateFile, TheSameSequenceGivesTheSameBytes) {
  save_state(path_, some_sequence(), model_);
  save_state(folder_ / "b", some_sequence(), model_);
  EXPECT_EQ(read_file(path_), read_file(folder_ / "b"));
}

TEST_P(StateFile, KeepsTheHistoryWhenItIsGiven) {
  save_state(path_, some_sequence(), model_);
  EXPECT_TRUE(read_history(TensorFile::open(path_)).empty());
  const std::vector<TokenId> history{3, 1, 4, 1, 5};
  save_state(path_, some_sequence(), model_, history);
  EXPECT_EQ(read_history(TensorFile::open(path_)), history);
  EXPECT_EQ(message_of(path_, model_), "loaded");
}

TEST_P(StateFile, SeesAChangedBit) {
  save_state(path_, some_sequence(), model_);
  std::string content = read_file(path_);
  content[content.size() - 3] = static_cast<char>(content[content.size() - 3] ^ 1);
  write_file(path_, content);
  EXPECT_EQ(message_of(path_, model_), "broken: its bytes are not those that were saved");
}

TEST_P(StateFile, RefusesWhatDoesNotFit) {
  const auto expect = [&](const char* wanted, const std::function<void(Tensors&, Metadata&)>& change) {
    write_changed(change);
    EXPECT_NE(message_of(path_, model_).find(wanted), std::string::npos) << message_of(path_, model_);
  };
  expect("loaded", [](Tensors&, Metadata&) {});
  expect("not a state file", [](Tensors&, Metadata& m) { m.erase("rwkv_state"); });
  expect("state file of version 2, want version 1", [](Tensors&, Metadata& m) { m["rwkv_state"] = "2"; });
  expect("state of another model: RWKV-", [](Tensors&, Metadata& m) { m["model"] = "0123456789abcdef"; });
  expect("metadata 'pending' is '320', want a number below 320",
         [](Tensors&, Metadata& m) { m["pending"] = "320"; });
  expect("metadata 'tokens' is '-1'", [](Tensors&, Metadata& m) { m["tokens"] = "-1"; });
  expect("state without 'sampler_position'", [](Tensors&, Metadata& m) { m.erase("sampler_position"); });
  expect("logits", [](Tensors&, Metadata& m) { m.erase("pending"); });
  expect("layers.1.att_x", [](Tensors& t, Metadata&) {
    std::erase_if(t, [](const TensorView& view) { return view.name == "layers.1.att_x"; });
  });
  expect("tensor layers.0.att_x: f32[1, 64], want f32[64]", [](Tensors& t, Metadata&) {
    std::ranges::find(t, "layers.0.att_x", &TensorView::name)->shape = {1, 64};
  });
  const std::vector<int32_t> ids{2, -1};
  expect("sampler.ids", [&](Tensors& t, Metadata&) {
    std::ranges::find(t, "sampler.ids", &TensorView::name)->bytes = std::as_bytes(std::span(ids));
  });
}

TEST_P(StateFile, RefusesModelsAndOtherFiles) {
  EXPECT_EQ(message_of(golden_model(GetParam()), model_), "not a state file");
  write_file(path_, "hello");
  EXPECT_NE(message_of(path_, model_), "loaded");
  EXPECT_NE(message_of(folder_ / "none", model_), "loaded");
}

INSTANTIATE_TEST_SUITE_P(Versions, StateFile, testing::Values("v4", "v7"));

TEST(StateFileOfAnotherModel, IsRefused) {
  const TempDir folder;
  const Model a = Model::load(golden_model("v5.1")), b = Model::load(golden_model("v5.2"));
  save_state(folder / "s", Runner(a, 1).new_sequence(), a);
  const std::string message = message_of(folder / "s", b);
  EXPECT_TRUE(message.starts_with("state of another model: RWKV-5.1, 3 layers of 64, weights ")) << message;
}

}  // namespace
}  // namespace rwkv
