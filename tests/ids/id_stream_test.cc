#include "ids/id_stream.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "core/error.h"
#include "support/error_of.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

constexpr IdFormat kFormats[] = {IdFormat::kText, IdFormat::kLines, IdFormat::kJson, IdFormat::kU16,
                                 IdFormat::kU32};

std::vector<Ids> read(const std::string& stream, const IdReaderOptions& options) {
  std::istringstream in(stream);
  IdReader reader(in, options);
  std::vector<Ids> records;
  while (reader.next_record()) records.push_back(reader.read_all());
  return records;
}

std::string written(const std::vector<Ids>& records, IdFormat format, Records kind = Records::kOne) {
  std::ostringstream out;
  IdWriter writer(out, format, kind);
  for (const auto& ids : records) {
    writer.write(ids);
    writer.end_record();
  }
  return out.str();
}

std::string refusal(const std::string& stream, const IdReaderOptions& options) {
  return error_of([&] { read(stream, options); });
}

TEST(IdFormats, HaveNames) {
  EXPECT_EQ(id_format_from_name("text"), IdFormat::kText);
  EXPECT_EQ(id_format_from_name("lines"), IdFormat::kLines);
  EXPECT_EQ(id_format_from_name("json"), IdFormat::kJson);
  EXPECT_EQ(id_format_from_name("u16"), IdFormat::kU16);
  EXPECT_EQ(id_format_from_name("u32"), IdFormat::kU32);
  EXPECT_THROW(id_format_from_name("u64"), Error);
}

TEST(IdWriter, WritesEachForm) {
  const std::vector<Ids> records = {{1, 20, 300}, {}};
  EXPECT_EQ(written(records, IdFormat::kText), "1 20 300\n\n");
  EXPECT_EQ(written(records, IdFormat::kJson), "[1,20,300]\n[]\n");
  EXPECT_EQ(written(records, IdFormat::kLines), "1\n20\n300\n");
  EXPECT_EQ(written(records, IdFormat::kLines, Records::kMany), "1\n20\n300\n\n\n");
  EXPECT_EQ(written(records, IdFormat::kU16), std::string("\x01\0\x14\0\x2c\x01", 6));
  EXPECT_EQ(written({{0x12345678}}, IdFormat::kU32), "\x78\x56\x34\x12");
}

TEST(IdWriter, JoinsTheParts) {
  std::ostringstream out;
  IdWriter writer(out, IdFormat::kText);
  writer.write(Ids{1, 2});
  writer.write(Ids{});
  writer.write(Ids{3});
  writer.end_record();
  EXPECT_EQ(out.str(), "1 2 3\n");
}

TEST(IdWriter, RefusesWhatU16CannotHold) { EXPECT_THROW(written({{65536}}, IdFormat::kU16), Error); }

TEST(IdReader, TakesAnyWhiteSpace) {
  EXPECT_EQ(read(" 1\t2\r\n3\n\n\v4\f05", {}), (std::vector<Ids>{{1, 2, 3, 4, 5}}));
  EXPECT_EQ(read("", {}), std::vector<Ids>(1));
  EXPECT_EQ(read("4294967295 0", {}), (std::vector<Ids>{{4294967295, 0}}));
}

TEST(IdReader, SkipsAByteOrderMark) {
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "1 2",
                 {}),
            (std::vector<Ids>{{1, 2}}));
  EXPECT_EQ(read("\xef\xbb\xbf[1]", {IdFormat::kJson, Records::kMany}), (std::vector<Ids>{{1}}));
  EXPECT_EQ(read("\xef\xbb\xbf", {}), (std::vector<Ids>{{}}));
  EXPECT_EQ(refusal("\xef\xbb\xbf"
                    "1 x",
                    {}),
            "byte 5: 'x' is not part of an id");
  EXPECT_EQ(refusal("1 \xef\xbb\xbf", {.hint = "; look"}), "byte 2: 0xef is not part of an id; look");
}

TEST(IdReader, SeparatesRecords) {
  const auto many = [](IdFormat format) { return IdReaderOptions{format, Records::kMany, {}}; };
  EXPECT_EQ(read("1 2\n\n3", many(IdFormat::kText)), (std::vector<Ids>{{1, 2}, {}, {3}}));
  EXPECT_EQ(read("1 2\r\n3\r\n", many(IdFormat::kText)), (std::vector<Ids>{{1, 2}, {3}}));
  EXPECT_EQ(read("1\n2\n\n\n3\n", many(IdFormat::kLines)), (std::vector<Ids>{{1, 2}, {}, {3}}));
  EXPECT_EQ(read(" [ 1 ,2]\n[][3]\n ", many(IdFormat::kJson)), (std::vector<Ids>{{1, 2}, {}, {3}}));
  EXPECT_EQ(read("[1,2][3]", {IdFormat::kJson, Records::kOne, {}}), (std::vector<Ids>{{1, 2, 3}}));
  EXPECT_EQ(read("", many(IdFormat::kText)), std::vector<Ids>{});
  EXPECT_THROW(read("", many(IdFormat::kU16)), Error);
}

TEST(IdReader, SkipsTheRestOfARecord) {
  std::istringstream in("1 2\n3\n");
  IdReader reader(in, {IdFormat::kText, Records::kMany, {}});
  EXPECT_TRUE(reader.next_record());
  EXPECT_TRUE(reader.next_record());
  EXPECT_EQ(reader.read_all(), Ids{3});
  EXPECT_FALSE(reader.next_record());
}

TEST(IdReader, NamesTheByte) {
  EXPECT_EQ(refusal("12 3x", {}), "byte 4: 'x' is not part of an id");
  EXPECT_EQ(refusal("1,2", {}), "byte 1: ',' is not part of an id");
  EXPECT_EQ(refusal("-1", {}), "byte 0: '-' is not part of an id");
  EXPECT_EQ(refusal(std::string("1\0", 2), {}), "byte 1: 0x00 is not part of an id");
  EXPECT_EQ(refusal("1 4294967296", {}), "byte 11: an id above 4294967295");
  EXPECT_EQ(refusal(std::string(100000, '9'), {}), "byte 9: an id above 4294967295");
  EXPECT_EQ(refusal(std::string(200000, ' ') + "x", {}), "byte 200000: 'x' is not part of an id");
  EXPECT_EQ(refusal("abc", {IdFormat::kU16, Records::kOne, {}}), "byte 3: ends inside an id");
  EXPECT_EQ(refusal("abcde", {IdFormat::kU32, Records::kOne, {}}), "byte 5: ends inside an id");
}

TEST(IdReader, RefusesBrokenArrays) {
  const IdReaderOptions json{IdFormat::kJson, Records::kOne, {}};
  EXPECT_EQ(refusal("[1,2", json), "byte 4: ends inside an array of ids");
  EXPECT_EQ(refusal("[1,]", json), "byte 3: ']' is out of place in arrays of ids");
  EXPECT_EQ(refusal("[1.5]", json), "byte 2: '.' is not part of an id");
  for (const char* bad :
       {"1", "[[1]]", "[,1]", "[1 2]", "[1,,2]", "]", "[1],[2]", "[\"1\"]", "{}", "null", "[-1]", "["}) {
    EXPECT_NE(refusal(bad, json), "accepted") << bad;
    EXPECT_NE(refusal(bad, {IdFormat::kJson, Records::kMany, {}}), "accepted") << bad;
  }
}

TEST(IdReader, ChecksTheVocabulary) {
  EXPECT_EQ(refusal("5 9 10", {IdFormat::kText, Records::kOne, 10}),
            "byte 4: id 10: want below 10, the size of the vocabulary");
  EXPECT_EQ(refusal("[10]", {IdFormat::kJson, Records::kMany, 10}),
            "byte 1: id 10: want below 10, the size of the vocabulary");
  EXPECT_EQ(refusal(std::string("\x0a\0", 2), {IdFormat::kU16, Records::kOne, 10}),
            "byte 0: id 10: want below 10, the size of the vocabulary");
}

// Blocks of a stream end anywhere.
TEST(IdStreams, EveryFormGoesThereAndBack) {
  std::mt19937 rng(1);
  Ids ids(60000);
  for (const IdFormat format : kFormats) {
    for (auto& id : ids) id = static_cast<TokenId>(rng()) >> (format == IdFormat::kU16 ? 16 : rng() % 32);
    EXPECT_EQ(read(written({ids}, format), {format, Records::kOne, {}}), std::vector<Ids>{ids});
    if (format == IdFormat::kU16 || format == IdFormat::kU32) continue;
    const std::vector<Ids> records = {ids, {}, {7}};
    EXPECT_EQ(read(written(records, format, Records::kMany), {format, Records::kMany, {}}), records);
  }
}

// Gives its text in parts, as a pipe does.
class Parts : public std::streambuf {
 public:
  explicit Parts(std::vector<std::string> parts) : parts_(std::move(parts)) {}

 protected:
  int_type underflow() override {
    if (next_ == parts_.size()) return traits_type::eof();
    std::string& part = parts_[next_++];
    setg(part.data(), part.data(), part.data() + part.size());
    return traits_type::to_int_type(part[0]);
  }

 private:
  std::vector<std::string> parts_;
  size_t next_ = 0;
};

TEST(IdReader, GivesAnIdAsSoonAsItIsComplete) {
  Parts parts({"1 2", "3 ", "4", "5\n"});
  std::istream in(&parts);
  IdReader reader(in, {});
  Ids ids;
  ASSERT_TRUE(reader.next_record());
  for (const Ids& want : {Ids{1}, Ids{23}, Ids{45}}) {
    ASSERT_TRUE(reader.read(ids));
    EXPECT_EQ(ids, want);
  }
  EXPECT_FALSE(reader.read(ids));
}

}  // namespace
}  // namespace rwkv
