#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "core/error.h"
#include "support/error_of.h"
#include "support/source_folder.h"
#include "text/tokenizer.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

const std::filesystem::path kSource = source_folder();
const char* const kDemoVocabularies[] = {"demo/vocab.txt", "demo/tokenizer.json"};

// Texts that are hard to cut: words and runs of white space or of one letter, longer than a thread's share.
std::string adversarial_text(std::mt19937& rng) {
  constexpr std::string_view kParts[] = {
      " ",   "\n", "\r\n",   "the ", " the", "\u4e2d",   "'s",       "a",  "e\u0301", "\u3000",       "--",
      "\t ", "12", "\u00e9", "th",   "<|e",  "\u0301  ", "\u2003\n", "x=", "\uff0c",  "\u1100\u1161", "'l"};
  std::string text;
  while (text.size() < 600000) {
    const auto part = kParts[rng() % std::size(kParts)];
    const size_t n = rng() % 1000 != 0 ? 1 + rng() % 3 : rng() % 200000 / part.size();
    for (size_t i = 0; i < n; ++i) text += part;
  }
  return text;
}

TEST(StreamEncoder, ThreadsMakeNoDifference) {
  std::mt19937 rng(1);
  for (const char* name : kDemoVocabularies) {
    const auto tokenizer = Tokenizer::load(kSource / name);
    for (const size_t n_threads : {2u, 3u, 7u}) {
      const std::string text = adversarial_text(rng);
      StreamEncoder encoder(*tokenizer, n_threads);
      Ids ids;
      const size_t step = 200000 + rng() % 400000;
      for (size_t at = 0; at < text.size(); at += step)
        encoder.add(std::string_view(text).substr(at, step), ids);
      encoder.finish(ids);
      EXPECT_TRUE(ids == tokenizer->encode(text)) << name << " " << n_threads;
    }
  }
}

// Nothing waits but what a longer token could still take, or the last piece.
TEST(StreamEncoder, IdsComeAsSoonAsTheyAreCertain) {
  const auto world = Tokenizer::parse("1 'a' 1\n2 'b' 1\n3 'abab' 4\n");
  StreamEncoder encoder(*world);
  Ids ids;
  encoder.add("b", ids);
  EXPECT_EQ(ids, Ids{2});
  encoder.add("aba", ids);
  EXPECT_EQ(ids, Ids{2});
  encoder.add("a", ids);
  EXPECT_EQ(ids, (Ids{2, 1, 2, 1}));
  encoder.finish(ids);
  EXPECT_EQ(ids, (Ids{2, 1, 2, 1, 1}));

  const auto bpe = Tokenizer::load(kSource / "demo/tokenizer.json");
  StreamEncoder words(*bpe);
  ids.clear();
  words.add("To b", ids);
  EXPECT_EQ(ids, bpe->encode("To"));
  words.add("e,", ids);
  EXPECT_EQ(ids, bpe->encode("To be"));
  words.add(" or", ids);
  EXPECT_EQ(ids, bpe->encode("To be,"));
}

// Where there is no cut, one thread goes on alone, and nothing piles up.
TEST(StreamEncoder, TextsWithoutCutsAreNotHeldBack) {
  const auto world = Tokenizer::parse("1 'a' 1\n2 'aaa' 3\n");
  StreamEncoder encoder(*world, 2);
  Ids ids;
  encoder.add(std::string(300000, 'a'), ids);
  EXPECT_EQ(ids.size(), 100000u);
}

TEST(StreamEncoder, AMillionLettersTakeLinearTime) {
  const auto tokenizer = Tokenizer::load(kSource / "demo/tokenizer.json");
  StreamEncoder encoder(*tokenizer);
  const std::string part(100, 'x');
  Ids ids;
  for (int i = 0; i < 10000; ++i) encoder.add(part, ids);
  encoder.finish(ids);
  EXPECT_EQ(ids, tokenizer->encode(std::string(1000000, 'x')));
}

std::string refusal(StreamEncoder& encoder, std::initializer_list<std::string_view> parts) {
  return error_of([&] {
    Ids ids;
    for (const auto part : parts) encoder.add(part, ids);
    encoder.finish(ids);
  });
}

TEST(StreamEncoder, NamesTheByteThatIsNotUtf8) {
  const auto tokenizer = Tokenizer::load(kSource / "demo/tokenizer.json");
  const std::string large(400000, ' ');
  for (const size_t n_threads : {1u, 2u}) {
    StreamEncoder encoder(*tokenizer, n_threads);
    encoder.refuse_invalid_utf8();
    EXPECT_EQ(refusal(encoder, {"a b", " c\n"}), "accepted");
    encoder.skip(1);
    EXPECT_EQ(refusal(encoder, {"de f", "\xc3 g"}), "byte 11: not UTF-8, which this vocabulary needs");
    StreamEncoder other(*tokenizer, n_threads);
    other.refuse_invalid_utf8();
    EXPECT_EQ(refusal(other, {"a b\n", large, "x y\xe4\xb8"}),
              "byte 400007: not UTF-8, which this vocabulary needs");
  }
}

TEST(StreamEncoder, WholeTextsHaveTheirIds) {
  std::mt19937 rng(3);
  for (const char* name : kDemoVocabularies) {
    const auto tokenizer = Tokenizer::load(kSource / name);
    const std::string texts = adversarial_text(rng) + '\n';
    std::vector<Ids> want;
    for (size_t at = 0; at < texts.size();) {
      const size_t end = texts.find('\n', at);
      want.push_back(tokenizer->encode(texts.substr(at, end - at)));
      at = end + 1;
    }
    for (const size_t n_threads : {1u, 3u}) {
      StreamEncoder encoder(*tokenizer, n_threads);
      std::vector<Ids> found;
      const auto on_text = [&](std::span<const TokenId> ids) { found.emplace_back(ids.begin(), ids.end()); };
      encoder.add_texts(texts, '\n', false, on_text);
      EXPECT_TRUE(found == want) << name << " " << n_threads;
    }
  }
}

TEST(StreamEncoder, WholeTextsBeforeAnErrorArePassedOn) {
  const auto tokenizer = Tokenizer::load(kSource / "demo/tokenizer.json");
  std::string texts;
  for (int i = 0; i < 100000; ++i) texts += "a\n";
  texts += "b\xff\n";
  for (const size_t n_threads : {1u, 3u}) {
    StreamEncoder encoder(*tokenizer, n_threads);
    encoder.refuse_invalid_utf8();
    encoder.skip(5);
    size_t n_texts = 0;
    try {
      encoder.add_texts(texts + texts, '\n', false, [&](std::span<const TokenId>) { ++n_texts; });
      FAIL();
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), "byte 200006: not UTF-8, which this vocabulary needs");
    }
    EXPECT_EQ(n_texts, 100000u);
  }
}

TEST(StreamEncoder, NamesTheByteWithoutToken) {
  const auto world = Tokenizer::parse("1 'a' 1\n2 'aa' 2\n");
  StreamEncoder encoder(*world);
  EXPECT_EQ(refusal(encoder, {"aaa", "aab"}), "byte 5: no token of the vocabulary begins with 98");
}

// The ids of the parts beside a cut are those of the whole, and cuts are found.
TEST(LastCut, SplitsNoToken) {
  std::mt19937 rng(2);
  for (const char* name : kDemoVocabularies) {
    const auto tokenizer = Tokenizer::load(kSource / name);
    const std::string text = adversarial_text(rng);
    for (int round = 0; round < 300; ++round) {
      const auto part = std::string_view(text).substr(rng() % (text.size() - 400), 400);
      const size_t cut = tokenizer->last_cut(part.substr(0, 200));
      Ids ids = tokenizer->encode(part.substr(0, cut));
      const Ids behind = tokenizer->encode(part.substr(cut));
      ids.insert(ids.end(), behind.begin(), behind.end());
      ASSERT_EQ(ids, tokenizer->encode(part));
    }
    EXPECT_EQ(tokenizer->last_cut("or not to be"), 9u);
    EXPECT_EQ(tokenizer->last_cut(""), 0u);
    EXPECT_EQ(tokenizer->last_cut(" a"), 0u);
  }
}

}  // namespace
}  // namespace rwkv
