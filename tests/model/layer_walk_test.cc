#include "model/layer_walk.h"

#include <gtest/gtest.h>

#include <map>

#include "model/model.h"
#include "support/fixtures.h"
#include "support/golden_model.h"

namespace rwkv {
namespace {

std::vector<TokenId> some_tokens(size_t n) {
  std::vector<TokenId> tokens;
  for (size_t i = 0; i < n; ++i) tokens.push_back(static_cast<TokenId>(i * 37 % 320));
  return tokens;
}

class LayerWalks : public testing::TestWithParam<std::string> {};

// In more than one pass.
TEST_P(LayerWalks, GiveTheLogitsOfAForwardPass) {
  const std::filesystem::path path = golden_model(GetParam());
  const auto tokens = some_tokens(kRowsOfPass + 5);
  const Model model = Model::load(path);
  const size_t n_vocab = model.info().n_vocab;
  std::vector<float> expected(tokens.size() * n_vocab), logits;
  State state = model.initial_state();
  Workspace workspace(1);
  const Segment segment{tokens, &state};
  model.forward({&segment, 1}, LogitRows::kAll, {expected.data(), tokens.size(), n_vocab}, workspace);

  const TensorFile file = TensorFile::open(path);
  ThreadPool pool(2);
  LayerWalk walk(file, tokens, pool);
  std::map<std::string, size_t> n_rows;
  for (size_t i = 0; i <= walk.n_layers(); ++i) {
    walk.step(
        [&](const LayerWalk::Product& product) {
          n_rows[product.tensor.name] += product.inputs.rows;
          if (product.tensor.name != "head.weight") return;
          for (size_t row = 0; row < product.outputs.rows; ++row)
            logits.insert(logits.end(), product.outputs.row(row).begin(), product.outputs.row(row).end());
        },
        [](size_t, size_t) {});
  }
  EXPECT_EQ(logits, expected);
  for (const auto& [name, n] : n_rows) EXPECT_EQ(n, tokens.size()) << name;
  for (const char* name :
       {"blocks.0.att.key.weight", "blocks.1.att.output.weight", "blocks.1.ffn.value.weight"})
    EXPECT_TRUE(n_rows.contains(name)) << name;
}

INSTANTIATE_TEST_SUITE_P(Versions, LayerWalks, testing::Values("v4", "v5.2", "v6", "v7", "v7a"),
                         [](const auto& version) {
                           std::string name = version.param;
                           std::erase(name, '.');
                           return name;
                         });

}  // namespace
}  // namespace rwkv
