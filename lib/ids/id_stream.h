// Token ids on their way between programs.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace rwkv {

// kText: decimals in any white space; written with one space between ids, a record ends in a line break.
// kLines: the same read, written one id a line. kJson: [1,2,3] a record, on a line. kU16, kU32:
// little-endian, no header.
enum class IdFormat { kText, kLines, kJson, kU16, kU32 };

// text, lines, json, u16, u32.
std::vector<std::string> id_format_names();
// Error kUsage for another name.
IdFormat id_format_from_name(std::string_view name);

// kOne: the whole stream is one record. kMany: a line is a record (kJson: an array; kLines: a line without an
// id ends one; kU16 and kU32 cannot tell: Error kUsage).
enum class Records { kOne, kMany };

struct IdReaderOptions {
  IdFormat format = IdFormat::kText;
  Records records = Records::kOne;
  std::optional<uint64_t> vocab_size{};  // ids must be below
  std::string_view hint{};               // ends the message about what is no id
};

// Reads ids as they come, past a byte order mark in front of those that are text, in memory for one block of
// the stream. Every Error kFormat names the byte offset.
class IdReader {
 public:
  IdReader(std::istream& in, const IdReaderOptions& options);

  // Goes to the next record (past what is unread of this one). False when there is none. With kOne there is
  // always exactly one, be it empty.
  bool next_record();
  // Replaces `ids` by the next ids of this record, at least one, as soon as they are there. False at its end.
  bool read(std::vector<TokenId>& ids);
  // Whether it has taken more from the stream than the ids that it gave.
  bool has_bytes() const { return at_ < size_; }
  // All (remaining) ids of this record.
  std::vector<TokenId> read_all();

 private:
  // Outside an array; in one before its first id, before the next, behind one.
  enum class Json : uint8_t { kOutside, kFirst, kNext, kBehind };

  bool fill();
  void skip_byte_order_mark();
  void take_block(std::vector<TokenId>& ids);
  void take_whole(std::vector<TokenId>& ids);
  void take_words(std::vector<TokenId>& ids);
  bool is_known(uint64_t id) const { return !options_.vocab_size || id < *options_.vocab_size; }
  void take(unsigned char c, std::vector<TokenId>& ids);
  void take_text(unsigned char c, std::vector<TokenId>& ids);
  void take_json(unsigned char c, std::vector<TokenId>& ids);
  void take_binary(unsigned char c, std::vector<TokenId>& ids);
  void add_digit(unsigned char c);
  void end_id(std::vector<TokenId>& ids);
  void end_stream(std::vector<TokenId>& ids);
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse_byte(unsigned char c) const;

  std::istream& in_;
  IdReaderOptions options_;
  std::vector<char> block_;
  size_t at_ = 0, size_ = 0;  // in block_
  uint64_t offset_ = 0;       // of the byte being read, in the stream
  uint64_t value_ = 0;        // of the id being read
  uint64_t n_digits_ = 0;     // of it; bytes of it in kU16 and kU32
  bool line_has_id_ = false;
  bool in_record_ = false;
  bool done_ = false;  // kOne: the one record has begun
  Json json_ = Json::kOutside;
};

// Writes ids; never flushes. The stream's own state tells of write errors.
class IdWriter {
 public:
  // kMany matters for kLines alone (an empty line behind each record), and is refused as in reading.
  IdWriter(std::ostream& out, IdFormat format, Records records = Records::kOne);

  // The next ids of the record. Error kFormat for an id that kU16 cannot hold.
  void write(std::span<const TokenId> ids);
  void end_record();

 private:
  char* put(TokenId id, char* to);

  std::ostream& out_;
  IdFormat format_;
  Records records_;
  bool begun_ = false;  // the record has an id
  std::string text_;
};

}  // namespace rwkv
