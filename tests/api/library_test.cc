// Models, vocabularies, conversion: what callers get, and how failures reach them.
#include <cstring>
#include <fstream>
#include <vector>

#include "fixture.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(Library, SaysWhatAModelIs) {
  const api::Model model(demo("rwkv7-shakespeare.pth"));
  const rwkv_info info = model.info();
  EXPECT_STREQ(info.version, "7");
  EXPECT_EQ(model.warning(), "");
  EXPECT_EQ(info.n_parts, 3U);
  rwkv_part part{};
  part.size = sizeof part;
  ASSERT_EQ(rwkv_model_part(model.get(), 1, &part, nullptr), RWKV_OK);
  EXPECT_STREQ(part.name, "S");
  EXPECT_EQ(part.n_dims, 3U);
  EXPECT_EQ(part.shape[0], info.n_heads);
  EXPECT_EQ(part.shape[2], info.head_size);
  EXPECT_EQ(rwkv_model_part(model.get(), 3, &part, nullptr), RWKV_USAGE);
  // An older caller's structure is filled as far as it goes.
  rwkv_info older{};
  older.size = offsetof(rwkv_info, n_embd);
  ASSERT_EQ(rwkv_model_info(model.get(), &older, nullptr), RWKV_OK);
  EXPECT_EQ(older.n_layers, info.n_layers);
  EXPECT_EQ(older.n_vocab, 0U);
}

TEST(Library, HandlesMayBeFreedInAnyOrder) {
  auto model = std::make_unique<api::Model>(demo("rwkv4-shakespeare.pth"));
  api::Runner runner(*model, 1);
  api::Sequence sequence(*model);
  model.reset();
  runner.eval(sequence, some_ids(3));
  EXPECT_EQ(sequence.length(), 3U);
  rwkv_model_free(nullptr), rwkv_sequence_free(nullptr), rwkv_runner_free(nullptr);
  rwkv_vocab_free(nullptr), rwkv_stream_free(nullptr);
}

TEST(Library, FailuresAreACodeAndALine) {
  rwkv_error error{};
  EXPECT_EQ(rwkv_model_load("/no/such/file", nullptr, &error), nullptr);
  EXPECT_EQ(error.code, RWKV_IO);
  EXPECT_EQ(std::string(error.message).find("/no/such/file: "), 0U);
  EXPECT_EQ(rwkv_model_load(demo("vocab.txt").c_str(), nullptr, &error), nullptr);
  EXPECT_EQ(error.code, RWKV_FORMAT);
  EXPECT_EQ(rwkv_model_load(nullptr, nullptr, &error), nullptr);
  EXPECT_EQ(error.code, RWKV_USAGE);
  EXPECT_EQ(rwkv_model_load(nullptr, nullptr, nullptr), nullptr);
  const std::string long_path(3000, 'x');
  EXPECT_EQ(rwkv_model_load(long_path.c_str(), nullptr, &error), nullptr);
  EXPECT_EQ(std::strlen(error.message), sizeof error.message - 1);
  EXPECT_EQ(rwkv_pin_target("NO_SUCH_TARGET", &error), RWKV_USAGE);
}

TEST(Library, BuffersThatAreTooSmallAreToldTheSize) {
  const api::Vocab vocab(demo("vocab.txt"));
  uint32_t ids[4] = {77, 77, 77, 77};
  size_t n = 0;
  rwkv_error error{};
  const std::string text = "To be, or not to be";
  EXPECT_EQ(rwkv_vocab_encode(vocab.get(), text.data(), text.size(), ids, 4, &n, &error), RWKV_TOO_SMALL);
  EXPECT_EQ(n, vocab.encode(text).size());
  EXPECT_EQ(ids[0], 77U);
  EXPECT_STREQ(error.message, ("room for 4, want " + std::to_string(n)).c_str());
  EXPECT_EQ(vocab.decode(vocab.encode(text)), text);
  EXPECT_EQ(vocab.decode({}), "");
  EXPECT_NE(failure_of([&] { vocab.decode(std::vector<uint32_t>{4000000000U}); }), "done");
}

TEST(Library, AVocabularyMustFitItsModel) {
  const api::Model model(demo("rwkv7-shakespeare.pth"));
  const TempDir folder;
  std::string large;
  for (int i = 1; i < 6000; ++i)
    large +=
        std::to_string(i) + " '" + std::to_string(i) + "' " + std::to_string(std::to_string(i).size()) + "\n";
  write_file(folder / "large.txt", large);
  const std::string path = (folder / "large.txt").string();
  EXPECT_EQ(failure_of([&] { api::Vocab(path, model); }).find(path + ": "), 0U);
}

TEST(Library, ConvertsWithProgressAndStops) {
  const TempDir folder;
  const std::string out = (folder / "q8.safetensors").string();
  rwkv_convert_options options = RWKV_CONVERT_OPTIONS_INIT;
  options.dtype = "q8";
  uint64_t last = 0;
  options.context = &last;
  options.progress = [](uint64_t done, uint64_t total, void* context) {
    *static_cast<uint64_t*>(context) = done * 100 / total;
    return 0;
  };
  api::convert(demo("rwkv7-shakespeare.pth"), out, options);
  EXPECT_EQ(last, 100U);
  EXPECT_STREQ(api::Model(out).info().version, "7");

  options.progress = [](uint64_t, uint64_t, void*) { return 1; };
  rwkv_error error{};
  const std::string never = (folder / "never").string();
  EXPECT_EQ(rwkv_convert(demo("rwkv7-shakespeare.pth").c_str(), never.c_str(), &options, &error),
            RWKV_CANCELLED);
  EXPECT_EQ(folder.n_files(), 1U);
  options.dtype = "q5";
  EXPECT_EQ(rwkv_convert(demo("rwkv7-shakespeare.pth").c_str(), never.c_str(), &options, &error), RWKV_USAGE);
}

TEST(Library, ConvertsForRoundedActivations) {
  const TempDir folder;
  const std::string in = demo("rwkv7-shakespeare.pth"), out = (folder / "bf16.safetensors").string();
  rwkv_convert_options options = RWKV_CONVERT_OPTIONS_INIT;
  options.dtype = options.activations = "bf16";
  api::convert(in, out, options);
  EXPECT_NE(read_file(out).find("bf16_bf16"), std::string::npos);
  EXPECT_STREQ(api::Model(out).info().version, "7");

  rwkv_error error{};
  options.layout = "rows";
  EXPECT_EQ(rwkv_convert(in.c_str(), out.c_str(), &options, &error), RWKV_USAGE);
  EXPECT_STREQ(error.message, "layout rows does not go with activations bf16");
  options = RWKV_CONVERT_OPTIONS_INIT;
  options.activations = "bf16";
  EXPECT_EQ(rwkv_convert(in.c_str(), out.c_str(), &options, &error), RWKV_USAGE);
  EXPECT_STREQ(error.message, "activations bf16 wants dtype bf16");
  options.activations = "f16";
  EXPECT_EQ(rwkv_convert(in.c_str(), out.c_str(), &options, &error), RWKV_USAGE);
}

TEST(Library, MakesPromptsOfChats) {
  EXPECT_EQ(api::chat_prompt("world", R"([{"role": "user", "content": "Who?"}])"),
            "User: Who?\n\nAssistant:");
  EXPECT_NE(failure_of([] { api::chat_prompt("none", "[]"); }), "done");
  EXPECT_NE(failure_of([] { api::chat_prompt("world", "{"); }), "done");
}

}  // namespace
}  // namespace rwkv
