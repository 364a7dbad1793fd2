#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "support/source_folder.h"

namespace rwkv {
namespace {

namespace json = boost::json;

const std::filesystem::path kSource = source_folder();

TEST(Tokenizer, JudgesByContent) {
  EXPECT_EQ(Tokenizer::load(kSource / "demo/vocab.txt")->kind(), "World");
  EXPECT_EQ(Tokenizer::load(kSource / "demo/tokenizer.json")->kind(), "byte-level BPE");
  for (const char* other :
       {"", "<!DOCTYPE html>", "version https://git-lfs.github.com/spec/v1", "PK\x03\x04"}) {
    EXPECT_THROW(Tokenizer::parse(other), Error) << other;
  }
}

TEST(Tokenizer, ReadsBehindAByteOrderMark) {
  for (const char* name : {"demo/vocab.txt", "demo/tokenizer.json"}) {
    std::ifstream file(kSource / name, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(Tokenizer::parse("\xEF\xBB\xBF" + text)->digest(), Tokenizer::parse(text)->digest()) << name;
  }
}

TEST(Tokenizer, ErrorsBeginWithThePath) {
  for (const char* name : {"no-such-file", ".", "CMakeLists.txt"}) {
    const std::string path = (kSource / name).string();
    try {
      Tokenizer::load(path);
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_TRUE(std::string_view(e.what()).starts_with(path + ": ")) << e.what();
    }
  }
}

TEST(Tokenizer, DemoVocabulariesGiveTextBack) {
  const std::string text =
      "ROMEO:\nBut, soft! what light  through yonder window breaks?\n\n\tIt's caf\u00e9 \u4e2d.";
  for (const char* name : {"demo/vocab.txt", "demo/tokenizer.json"}) {
    const auto tokenizer = Tokenizer::load(kSource / name);
    EXPECT_EQ(tokenizer->vocab_size(), 1024u);
    const auto ids = tokenizer->encode(text);
    EXPECT_LT(ids.size(), text.size() * 3 / 4);
    EXPECT_EQ(tokenizer->decode(ids), text);
  }
}

// The ids of the prompt that the demo models' references were made with.
TEST(Tokenizer, DemoPromptsHaveTheirIds) {
  for (const auto& [vocab, reference] : {std::pair{"vocab.txt", "rwkv7-shakespeare.reference.json"},
                                         std::pair{"tokenizer.json", "rwkv4-shakespeare.reference.json"}}) {
    std::ifstream file(kSource / "demo" / reference);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    const json::value root = json::parse(content);
    const auto ids = Tokenizer::load(kSource / "demo" / vocab)->encode(root.at("prompt").as_string());
    EXPECT_EQ(ids, json::value_to<std::vector<TokenId>>(root.at("prompt_ids")));
  }
}

TEST(StreamEncoder, WindowsOfALongTextMakeNoDifference) {
  std::string text;
  for (int i = 0; text.size() < 700000; ++i)
    text += "line " + std::to_string(i) + "\nof  the text, isn't it? \u00e9";
  for (const char* name : {"demo/vocab.txt", "demo/tokenizer.json"}) {
    const auto tokenizer = Tokenizer::load(kSource / name);
    StreamEncoder encoder(*tokenizer);
    for (const size_t step : {700001u, 65536u, 99991u}) {
      std::vector<TokenId> ids;
      for (size_t at = 0; at < text.size(); at += step)
        encoder.add(std::string_view(text).substr(at, step), ids);
      encoder.finish(ids);
      EXPECT_EQ(ids, tokenizer->encode(text)) << name << " " << step;
    }
  }
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Texts with the ids that the original tokenizers give them.
void check_vectors(const char* vocab, const char* key) {
  const auto shared = kSource / "../shared";
  std::ifstream vectors(shared / "fixtures/own/tokenizer/vectors.jsonl");
  if (!vectors) GTEST_SKIP() << "needs the shared test vectors";
  const auto tokenizer = Tokenizer::load(shared / "data" / vocab);
  for (std::string line; std::getline(vectors, line);) {
    const json::value record = json::parse(line);
    const auto* want = record.as_object().if_contains(key);
    if (want == nullptr) continue;
    const std::string text = from_hex(record.at("hex").as_string());
    const auto ids = tokenizer->encode(text);
    EXPECT_EQ(ids, json::value_to<std::vector<TokenId>>(*want)) << record.at("id");
    const auto* decoded = record.as_object().if_contains(std::string(key) + "_decode");
    EXPECT_EQ(tokenizer->decode(ids), decoded != nullptr ? std::string(decoded->as_string()) : text)
        << record.at("id");
  }
}

TEST(Tokenizer, WorldVectors) { check_vectors("rwkv_vocab_v20230424.txt", "world"); }
TEST(Tokenizer, NeoxVectors) { check_vectors("20B_tokenizer.json", "neox"); }

}  // namespace
}  // namespace rwkv
