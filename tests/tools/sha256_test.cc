#include "convert/sha256.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

// FIPS 180-2, B.1 and B.2, and of nothing.
TEST(Sha256Test, KnownDigests) {
  const auto digest = [](const std::string& text) {
    Sha256 sha;
    for (const char& c : text) sha.add(std::as_bytes(std::span(&c, 1)));
    return sha.finish();
  };
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, BeginsAnew) {
  Sha256 sha;
  const std::string nothing = sha.finish();
  sha.add(std::as_bytes(std::span("x", 1)));
  EXPECT_NE(sha.finish(), nothing);
  EXPECT_EQ(sha.finish(), nothing);
}

}  // namespace
}  // namespace rwkv
