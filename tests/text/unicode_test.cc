#include "text/unicode.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace rwkv {
namespace {

void expect_class(std::u32string_view characters, CharClass want) {
  for (const char32_t c : characters) EXPECT_EQ(char_class(c), want) << std::hex << uint32_t{c};
}

TEST(CharClass, KnowsWhiteSpaceLettersAndNumbers) {
  expect_class(U"\t\n\v\f\r \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000", CharClass::kSpace);
  expect_class(U"azAZ\u00e9\u00aa\u02b0\u4e2d\uac00\U0001d400", CharClass::kLetter);
  expect_class(U"09\u00b2\u0663\u2163\u3007", CharClass::kNumber);
  expect_class(U"\x1c\x1f@[`{/:\u0301\u180e\u200b\ufeff\U0001f600", CharClass::kOther);
}

TEST(Nfc, ComposesAndOrders) {
  EXPECT_EQ(nfc(""), "");
  EXPECT_EQ(nfc("plain"), "plain");
  EXPECT_EQ(nfc("caffe\u0301 e\u0301"), "caff\u00e9 \u00e9");
  EXPECT_EQ(nfc("\u0301e"), "\u0301e");
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307");       // ordered, nothing to compose
  EXPECT_EQ(nfc("a\u0307\u0323"), "\u1ea1\u0307");        // ordered, then composed
  EXPECT_EQ(nfc("\u212b\u1fef\u2000"), "\u00c5`\u2002");  // singletons
  EXPECT_EQ(nfc("\u0958"), "\u0915\u093c");               // excluded from composition
  EXPECT_EQ(nfc("\u1112\u1161\u11ab\u1112"), "\ud55c\u1112");
  EXPECT_EQ(nfc("x=\u0338y"), "x\u2260y");  // ASCII with a mark behind it
}

TEST(Nfkc, DecomposesByCompatibilityAndComposes) {
  EXPECT_EQ(nfkc("\ufb01x\u00b2\u2460"), "fix21");
  EXPECT_EQ(nfkc("\u212b e\u0301 \u338f"), "\u00c5 \u00e9 kg");
  EXPECT_EQ(nfkc("\ufdfa").size(), 33u);  // the longest: 18 characters
  EXPECT_EQ(nfkc("\uff76\uff9e"), "\u30ac");
  EXPECT_EQ(nfkc("\u3000"), " ");
}

TEST(Nfc, KeepsWhatIsNoTrailingJamo) {
  EXPECT_EQ(nfc("\uac00\u11a7"), "\uac00\u11a7");
  EXPECT_EQ(nfc("\uac00\u11a8"), "\uac01");
}

TEST(Nfc, PlainTextIsKnownAtAGlance) {
  EXPECT_TRUE(is_plainly_nfc("ASCII, caf\u00e9, \u4e2d\uff0c\ud55c \U0001f600\ufb01"));
  for (const char* text :
       {"e\u0301", "\u212b", "\u1100", "\u11a8", "\u09be", "\u0958", "\U0001d15e", "\u3099"}) {
    EXPECT_FALSE(is_plainly_nfc(text)) << text;
  }
}

// Plain characters are in normal form by themselves and behind any base that marks combine with.
TEST(Nfc, PlainCharactersStayAsTheyAre) {
  for (char32_t code = 0x80; code < 0x30000; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    std::string character;
    append_utf8(code, character);
    if (!is_plainly_nfc(character)) continue;
    for (const std::string before : {"", "a", "\u1100", "\uac00", "\u09c7", "\u304b"}) {
      if (nfc(before + character + "\u0301").substr(0, before.size()) != before ||
          nfc(before + character) != before + character) {
        FAIL() << std::hex << static_cast<uint32_t>(code) << " behind " << before;
      }
    }
  }
}

TEST(Nfc, ManyMarksTakeNoQuadraticTime) {
  std::string marks = "a";
  for (int i = 0; i < 200000; ++i) marks += "\u0307\u0323";
  EXPECT_EQ(nfc(marks).size(), marks.size());  // "a" and one U+0323 become the three bytes of U+1EA1
}

}  // namespace
}  // namespace rwkv
