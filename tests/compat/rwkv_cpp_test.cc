// What programs built for rwkv.cpp do, against librwkv_compat.
#include "rwkv_cpp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <thread>

#include "model/model.h"
#include "support/fixtures.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

namespace fs = std::filesystem;
using Floats = std::vector<float>;

struct Free {
  void operator()(rwkv_context* context) const { rwkv_free(context); }
};
using Context = std::unique_ptr<rwkv_context, Free>;

Context open(const fs::path& path, uint32_t n_threads = 2) {
  return Context(rwkv_init_from_file(path.c_str(), n_threads, 0));
}

// The first checkpoint of a fixture's folder, by its name.
fs::path model_of(const Fixture& fixture) {
  for (const char* name :
       {"model.safetensors", "model.pth", "model-f32.safetensors", "model-f32.pth", "model.bin"}) {
    if (fs::exists(fixture.folder / name)) return fixture.folder / name;
  }
  return {};
}

struct Expected {
  Floats logits;
  State state;
};

// By the C++ library, with rwkv.cpp's epsilon.
Expected expected_of(const fs::path& path, std::span<const TokenId> tokens) {
  LoadOptions options;
  if (Model::load(path).info().version[0] == '5') options.group_norm_eps = 1e-5F;
  const Model model = Model::load(path, options);
  Expected expected{Floats(model.info().n_vocab), model.initial_state()};
  Workspace workspace(1);
  const Segment segment{tokens, &expected.state};
  model.forward({&segment, 1}, LogitRows::kLast, {expected.logits.data(), 1, expected.logits.size()},
                workspace);
  return expected;
}

// A state in rwkv.cpp's order.
Floats in_their_order(const State& state, bool turns) {
  Floats floats;
  const auto& parts = state.parts();
  const auto is_shift = [](const StatePart& part) { return part.name == "att_x" || part.name == "ffn_x"; };
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    const auto append = [&](size_t i) {
      const auto part = state.part(layer, i);
      if (!turns || parts[i].shape.size() != 3)
        return floats.insert(floats.end(), part.begin(), part.end()), void();
      const size_t n = parts[i].shape[2];
      for (size_t head = 0; head < parts[i].shape[0]; ++head) {
        for (size_t at = 0; at < n * n; ++at) floats.push_back(part[head * n * n + at % n * n + at / n]);
      }
    };
    append(static_cast<size_t>(std::ranges::find(parts, "ffn_x", &StatePart::name) - parts.begin()));
    append(static_cast<size_t>(std::ranges::find(parts, "att_x", &StatePart::name) - parts.begin()));
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!is_shift(parts[i])) append(i);
    }
  }
  return floats;
}

// Of every version, and some of rwkv.cpp's own files.
std::vector<Fixture> fixtures() {
  auto all = golden_fixtures();
  std::ranges::copy_if(form_fixtures(), std::back_inserter(all),
                       [](const Fixture& fixture) { return fixture.name().starts_with("bin-"); });
  return all;
}

TEST(RwkvCpp, EvaluatesEveryVersionToTheSameBits) {
  for (const Fixture& fixture : fixtures()) {
    const fs::path path = model_of(fixture);
    if (path.empty() || fixture.name().ends_with("timestate")) continue;  // rwkv.cpp has no tuned states
    SCOPED_TRACE(path);
    const auto tokens = fixture.tokens();
    const Expected expected = expected_of(path, tokens);
    const Context context = open(path);
    ASSERT_NE(context, nullptr);
    ASSERT_EQ(rwkv_get_logits_len(context.get()), expected.logits.size());
    Floats state(rwkv_get_state_len(context.get())), logits(expected.logits.size());
    ASSERT_EQ(rwkv_get_state_buffer_element_count(context.get()), state.size());
    ASSERT_TRUE(rwkv_eval_sequence(context.get(), tokens.data(), tokens.size(), nullptr, state.data(),
                                   logits.data()));
    EXPECT_EQ(logits, expected.logits);
    EXPECT_EQ(state, in_their_order(expected.state, fixture.name().find("v7") != std::string::npos));

    // Token by token, the state going out and in.
    Floats serial(state.size()), serial_logits(logits.size());
    rwkv_init_state(context.get(), serial.data());
    for (const TokenId token : tokens) {
      ASSERT_TRUE(rwkv_eval(context.get(), token, serial.data(), serial.data(), serial_logits.data()));
    }
    EXPECT_EQ(serial_logits, logits);
    EXPECT_EQ(serial, state);
    ASSERT_TRUE(rwkv_eval_sequence_in_chunks(context.get(), tokens.data(), tokens.size(), 4, nullptr,
                                             serial.data(), serial_logits.data()));
    EXPECT_EQ(serial_logits, logits);
  }
}

TEST(RwkvCpp, LogitsAreThoseOfItsOwnTests) {
  size_t n_compared = 0;
  for (const Fixture& fixture : shared_fixtures()) {
    const std::string bytes = read_file(fixture.folder / "expected-logits-rwkvcpp.bin");
    if (bytes.empty()) continue;
    SCOPED_TRACE(fixture.name());
    const Context context = open(model_of(fixture));
    ASSERT_NE(context, nullptr);
    const auto tokens = fixture.tokens();
    Floats logits(rwkv_get_n_vocab(context.get())), expected(bytes.size() / sizeof(float));
    std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(expected.data()));
    ASSERT_TRUE(rwkv_eval_sequence(context.get(), tokens.data(), 3, nullptr, nullptr, logits.data()));
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-3);
    ++n_compared;
  }
  if (n_compared == 0) GTEST_SKIP() << "no ../shared/fixtures";
}

class RwkvCppDemo : public testing::Test {
 protected:
  void SetUp() override {
    rwkv_set_print_errors(nullptr, false);
    rwkv_get_last_error(nullptr);
  }
  const fs::path path_ = source_folder() / "demo/rwkv7-shakespeare.pth";
};

TEST_F(RwkvCppDemo, CopiesShareWeightsAndRunInParallel) {
  Context context = open(path_);
  Context clone(rwkv_clone_context(context.get(), 1));
  ASSERT_NE(clone, nullptr);
  const std::vector<uint32_t> tokens = {3, 14, 15, 92};
  Floats one(rwkv_get_logits_len(context.get())), other(one.size());
  std::thread thread(
      [&] { rwkv_eval_sequence(clone.get(), tokens.data(), tokens.size(), nullptr, nullptr, other.data()); });
  EXPECT_TRUE(rwkv_eval_sequence(context.get(), tokens.data(), tokens.size(), nullptr, nullptr, one.data()));
  thread.join();
  EXPECT_EQ(one, other);
  context.reset();  // the copy lives on
  EXPECT_TRUE(rwkv_eval(clone.get(), 1, nullptr, nullptr, other.data()));
  rwkv_free(nullptr);
}

TEST_F(RwkvCppDemo, FailuresAreCategories) {
  EXPECT_EQ(open("/no/such/file"), nullptr);
  EXPECT_EQ(rwkv_get_last_error(nullptr), 2 << 8 | 2);
  EXPECT_EQ(rwkv_get_last_error(nullptr), 0);  // asking forgets
  EXPECT_EQ(open(path_, 0), nullptr);
  EXPECT_EQ(rwkv_get_last_error(nullptr) >> 8, 1);
  EXPECT_EQ(open(source_folder() / "demo/vocab.txt"), nullptr);
  EXPECT_EQ(rwkv_get_last_error(nullptr) >> 8, 3);

  const Context context = open(path_);
  EXPECT_FALSE(rwkv_get_print_errors(context.get()));  // as the thread's were when it was made
  const auto n_vocab = static_cast<uint32_t>(rwkv_get_n_vocab(context.get()));
  EXPECT_FALSE(rwkv_eval(context.get(), n_vocab, nullptr, nullptr, nullptr));
  EXPECT_EQ(rwkv_get_last_error(nullptr), 0);
  EXPECT_EQ(rwkv_get_last_error(context.get()) >> 8, 1);
  const uint32_t token = 1;
  EXPECT_FALSE(rwkv_eval_sequence(context.get(), &token, 0, nullptr, nullptr, nullptr));
  EXPECT_FALSE(rwkv_eval_sequence_in_chunks(context.get(), &token, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_TRUE(rwkv_eval_sequence(context.get(), nullptr, 3, nullptr, nullptr, nullptr));
  rwkv_set_print_errors(nullptr, true);
  EXPECT_TRUE(rwkv_get_print_errors(nullptr));
  EXPECT_GT(std::string(rwkv_get_system_info_string()).size(), 2U);
}

TEST_F(RwkvCppDemo, QuantisesToItsOwnFiles) {
  const TempDir folder;
  EXPECT_FALSE(rwkv_quantize_model_file(path_.c_str(), (folder / "x").c_str(), "Q3_0"));
  for (const char* format : {"Q8_0", "Q5_1", "Q4_0"}) {
    ASSERT_TRUE(rwkv_quantize_model_file(path_.c_str(), (folder / format).c_str(), format));
    EXPECT_NE(open(folder / format), nullptr);
  }
  EXPECT_LT(fs::file_size(folder / "Q4_0"), fs::file_size(folder / "Q8_0"));
}

}  // namespace
}  // namespace rwkv
