#include "common/json_members.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/error.h"

namespace rwkv {
namespace {

std::string error_of(std::string_view line) {
  RawMember raw[] = {{"id"}, {"ids"}};
  try {
    const auto object = parse_members(line, raw);
    if (raw[1].text) ids_of_json("ids", *raw[1].text, 300);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kUsage);
    return e.what();
  }
  return "taken";
}

TEST(JsonMembersTest, KeepsTheTextOfSome) {
  RawMember raw[] = {{"id"}, {"ids"}, {"none"}};
  const auto object = parse_members(
      " {\"a\": 1 , \"id\" : { \"}\\\"\" : [1e400, \"]\"] } ,\"\\u0069ds\":[1 ,\t2],\"b\":\"x\"}\r", raw);
  EXPECT_EQ(boost::json::serialize(object), R"({"a":1,"b":"x"})");
  EXPECT_EQ(raw[0].text, R"({ "}\"" : [1e400, "]"] })");
  EXPECT_EQ(raw[1].text, "[1 ,\t2]");
  EXPECT_EQ(raw[2].text, std::nullopt);
}

TEST(JsonMembersTest, OfAKeyGivenTwiceTheLastCounts) {
  RawMember raw[] = {{"id"}};
  const auto object = parse_members(R"({"id":1,"a":1,"id":2,"a":2})", raw);
  EXPECT_EQ(raw[0].text, "2");
  EXPECT_EQ(object.at("a").as_int64(), 2);
}

TEST(JsonMembersTest, TellsWhatIsNoObject) {
  for (const char* bad : {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{1:2}",
                          "{\"a\":1}}", "{\"a\":1} 2", "{\"a\":[1}", "{\"a\":\"x}", "{\"a\":\"x\\", "{,}",
                          "{\"a\" 1}", "{\"a\":tru}", "nope", "{\"ids\":[1}"}) {
    EXPECT_TRUE(error_of(bad).starts_with("not JSON: ")) << bad << ": " << error_of(bad);
  }
  EXPECT_EQ(error_of("[]"), "not a JSON object");
  EXPECT_EQ(error_of(" 3"), "not a JSON object");
  EXPECT_EQ(error_of("{}"), "taken");
}

TEST(JsonMembersTest, ReadsIds) {
  EXPECT_EQ(ids_of_json("ids", "[]", 300), std::vector<TokenId>());
  EXPECT_EQ(ids_of_json("ids", "[ 0,299 , 5.0 ]", 300), (std::vector<TokenId>{0, 299, 5}));
  EXPECT_EQ(error_of(R"({"ids":[300]})"), "ids: id 300, but the vocabulary has 300 ids");
  EXPECT_EQ(error_of(R"({"ids":[-1]})"), "ids is -1, want ids");
  EXPECT_EQ(error_of(R"({"ids":[[1]]})"), "ids is [1], want ids");
  EXPECT_EQ(error_of(R"({"ids":"a"})"), "ids is \"a\", want an array of ids");
  for (const char* bad : {R"({"ids":[01]})", R"({"ids":[1,]})", R"({"ids":[,1]})", R"({"ids":[1 2]})",
                          R"({"ids":[1]]})", R"({"ids":[+1]})"})
    EXPECT_TRUE(error_of(bad).starts_with("not JSON: ")) << bad << ": " << error_of(bad);
}

}  // namespace
}  // namespace rwkv
