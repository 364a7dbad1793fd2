// Logits of every version against the NumPy reference in float64 (rwkv_reference.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "checkpoint/convert.h"
#include "model/model.h"
#include "support/fixtures.h"
#include "support/source_folder.h"
#include "support/targets.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

namespace fs = std::filesystem;

// Of logits up to ten; larger ones have as much less room behind the point.
constexpr double kTolerance = 2e-4, kLargeLogit = 10;

void ignore_progress(uint64_t, uint64_t) {}

std::vector<float> logits_of(const fs::path& model_path, std::span<const TokenId> tokens) {
  const Model model = Model::load(model_path);
  State state = model.initial_state();
  Workspace workspace(2);
  std::vector<float> logits(tokens.size() * model.info().n_vocab);
  const Segment segment{tokens, &state};
  model.forward({&segment, 1}, LogitRows::kAll, {logits.data(), tokens.size(), model.info().n_vocab},
                workspace);
  return logits;
}

// The largest difference to the expected logits, in units of what is tolerated.
double largest_difference(const fs::path& model, const Fixture& fixture, const fs::path& expected) {
  const NpyMatrix want = read_npy(fixture.folder / expected);
  auto tokens = fixture.tokens();
  tokens.resize(want.rows);
  const auto got = logits_of(model, tokens);
  EXPECT_EQ(got.size(), want.values.size());
  double largest = 0, scale = kLargeLogit;
  for (const float logit : want.values) scale = std::max(scale, std::abs(double{logit}));
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(double{got[i]} - want.values[i]);
    largest = std::isfinite(difference) ? std::max(largest, difference) : INFINITY;
  }
  return largest / (kTolerance * scale / kLargeLogit);
}

// The file of expected logits for a checkpoint of a fixture's folder; nothing when the folder has none.
std::optional<fs::path> expected_for(const Fixture& fixture, const std::string& checkpoint) {
  const auto has = [&](std::string_view part) { return checkpoint.find(part) != std::string::npos; };
  const std::string kind = has("bf16")                 ? "bf16"
                           : has("f16") || has("fp16") ? "fp16"
                           : has("mixed")              ? "mixed"
                                                       : "f32";
  std::vector<std::string> names = {"logits-all-" + kind + ".npy", "logits-all-" + kind + "weights.npy"};
  if (kind == "f32") names.emplace_back("logits-all.npy");
  for (const auto& name : names) {
    if (fs::exists(fixture.folder / name)) return name;
  }
  return std::nullopt;
}

// Every checkpoint of the fixture, straight and through conversion.
void expect_reference_logits(const Fixture& fixture) {
  const TempDir temp;
  for (const std::string& name : fixture.checkpoints()) {
    const auto expected = expected_for(fixture, name);
    if (!expected) continue;
    const auto path = fixture.folder / name;
    EXPECT_LE(largest_difference(path, fixture, *expected), 1) << path;
    const auto converted = temp / "converted.safetensors";
    convert(TensorFile::open(path), converted, {}, ignore_progress);
    EXPECT_LE(largest_difference(converted, fixture, *expected), 1) << path << " converted";
  }
}

class Golden : public testing::TestWithParam<Fixture> {};

TEST_P(Golden, LogitsEqualTheReference) { expect_reference_logits(GetParam()); }

std::string test_name(const testing::TestParamInfo<Fixture>& test) {
  std::string name = test.param.name();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Own, Golden, testing::ValuesIn(golden_fixtures()), test_name);
INSTANTIATE_TEST_SUITE_P(Forms, Golden, testing::ValuesIn(form_fixtures()), test_name);
INSTANTIATE_TEST_SUITE_P(Shared, Golden, testing::ValuesIn(shared_fixtures()), test_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Golden);  // Shared is empty without ../shared

TEST(GoldenConversion, ToHalfPrecisionEqualsTheReferenceWithRoundedWeights) {
  const Fixture fixture{source_folder() / "tests/golden/fixtures/v4"};
  const TempDir temp;
  for (const auto& [dtype, expected] : {std::pair{DType::kF16, "logits-all-fp16weights.npy"},
                                        std::pair{DType::kBf16, "logits-all-bf16weights.npy"}}) {
    ConvertOptions options;
    options.dtype = dtype;
    convert(TensorFile::open(fixture.folder / "model.pth"), temp / "half.safetensors", options,
            ignore_progress);
    EXPECT_LE(largest_difference(temp / "half.safetensors", fixture, expected), 1) << expected;
  }
}

// Adds the bits of `values` to an FNV-1a hash.
uint64_t add_bits(uint64_t hash, std::span<const float> values) {
  for (const float value : values) hash = (hash ^ std::bit_cast<uint32_t>(value)) * 0x100000001b3;
  return hash;
}

constexpr uint64_t kHashOfNothing = 0xcbf29ce484222325;

fs::path checkpoint_of(const Fixture& fixture) { return fixture.folder / "model-bf16.pth"; }

// Adds the logits of a fixture's bf16 checkpoint in tiles of each dtype.
uint64_t add_packed(uint64_t hash, const Fixture& fixture, std::span<const DType> dtypes) {
  const TempDir temp;
  const fs::path packed = temp / "packed.safetensors";
  for (const DType dtype : dtypes) {
    convert(TensorFile::open(checkpoint_of(fixture)), packed, {.dtype = dtype, .layout = Layout::kTiles},
            ignore_progress);
    hash = add_bits(hash, logits_of(packed, fixture.tokens()));
  }
  return hash;
}

// As it is, in tiles, in q8, q6 and q4.
uint64_t hash_of_logits(const Fixture& fixture) {
  const uint64_t plain = add_bits(kHashOfNothing, logits_of(checkpoint_of(fixture), fixture.tokens()));
  return add_packed(plain, fixture, std::array{DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4});
}

// With activations rounded to bf16.
uint64_t hash_of_rounded(const Fixture& fixture) {
  return add_packed(kHashOfNothing, fixture, std::array{DType::kBf16Bf16});
}

// A kernel that adds in another order changes these, and then they are to be written anew.
TEST(GoldenBits, AreThoseOfEveryCpuWithFma) {
  if (std::ranges::count(targets_with_fma(), current_target()) == 0) GTEST_SKIP() << "no FMA here";
  constexpr struct {
    std::string_view name;
    uint64_t hash, rounded;
  } kHashes[] = {{"v4", 18085223552101407452U, 9993643112686061178U},
                 {"v5.0", 4244700992975399194U, 16240655275332984821U},
                 {"v5.1", 9429479625284564792U, 13925285905170293241U},
                 {"v5.2", 6418257174669865470U, 14604905689900786121U},
                 {"v5.2-timestate", 12541020366390422306U, 14167061880667437611U},
                 {"v6", 9937414431345166325U, 4806647892560068023U},
                 {"v7", 11201660040210961577U, 9177620279200938426U},
                 {"v7-timestate", 7086360269817811181U, 14080011208759549297U},
                 {"v7a", 268462295867771781U, 16149978349911571864U}};
  for (const auto& [name, hash, rounded] : kHashes) {
    const Fixture fixture{source_folder() / "tests/golden/fixtures" / name};
    EXPECT_EQ(hash_of_logits(fixture), hash) << name;
    EXPECT_EQ(hash_of_rounded(fixture), rounded) << name;
  }
}

}  // namespace
}  // namespace rwkv
