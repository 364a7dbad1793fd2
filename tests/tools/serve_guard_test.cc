#include "serve/guard.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(Guard, KnowsHosts) {
  const GuardOptions options{.hosts = {"Chat.Example"}};
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "10.1.2.3", "[::1]:80", "[fe80::1]", "localhost",
                           "LocalHost:1", "a.localhost", "chat.example", "CHAT.example:443"}) {
    EXPECT_TRUE(is_known_host(host, options)) << host;
  }
  for (const char* host : {"", ":80", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "xlocalhost", "chat.example.evil", "[::1", "[", "::1", "1.2.3", "0x7f.1"}) {
    EXPECT_FALSE(is_known_host(host, options)) << host;
  }
  EXPECT_TRUE(is_known_host("evil.example", {.any_host = true}));
}

TEST(Guard, KnowsOrigins) {
  const GuardOptions options{.origins = {"https://page.example"}};
  EXPECT_TRUE(is_known_origin("", "localhost", options));
  EXPECT_TRUE(is_known_origin("http://localhost:8080", "localhost:8080", options));
  EXPECT_TRUE(is_known_origin("https://page.example", "localhost", options));
  EXPECT_FALSE(is_known_origin("http://localhost:8081", "localhost:8080", options));
  EXPECT_FALSE(is_known_origin("https://page.example.evil", "localhost", options));
  EXPECT_FALSE(is_known_origin("http://page.example", "localhost", options));
  EXPECT_FALSE(is_known_origin("null", "localhost", options));
  EXPECT_TRUE(is_known_origin("null", "localhost", {.origins = {"*"}}));
  EXPECT_TRUE(cors_headers("", {.origins = {"*"}}).empty());
  EXPECT_TRUE(cors_headers("https://evil.example", options).empty());
}

TEST(Guard, KnowsKeys) {
  const std::vector<std::string> keys{"0123456789abcdef", "a longer key with spaces"};
  EXPECT_TRUE(has_key("Bearer 0123456789abcdef", keys));
  EXPECT_TRUE(has_key("Bearer a longer key with spaces", keys));
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "0123456789abcdef", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
        "Bearer 0123456789abcdeF", "bearer 0123456789abcdef"}) {
    EXPECT_FALSE(has_key(wrong, keys)) << wrong;
  }
  EXPECT_FALSE(has_key("Bearer x", {}));
}

TEST(Guard, ReadsKeys) {
  const TempDir folder;
  const auto path = folder / "keys";
  write_file(path, "# mine\n0123456789abcdef\r\n\nfedcba9876543210 \n");
  EXPECT_EQ(read_keys(path), (std::vector<std::string>{"0123456789abcdef", "fedcba9876543210"}));
  for (const char* bad : {"", "# none\n", "short\n"}) {
    write_file(path, bad);
    EXPECT_NE(error_of([&] { read_keys(path); }), "accepted") << bad;
  }
  EXPECT_NE(error_of([&] { read_keys(folder / "none"); }), "accepted");
}

}  // namespace
}  // namespace rwkv
