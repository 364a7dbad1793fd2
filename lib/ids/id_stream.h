// Streams of token ids between programs.
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

// kText: decimals with any white space between them; written with one space between ids and a line break
// after a record. kLines: read alike, written one id a line. kJson: a record is [1,2,3] on a line. kU16,
// kU32: little-endian, no header.
enum class IdFormat { kText, kLines, kJson, kU16, kU32 };

// text, lines, json, u16, u32.
std::vector<std::string> id_format_names();
// Error kUsage for an unknown name.
IdFormat id_format_from_name(std::string_view name);

// kOne: the whole stream is one record. kMany: a line is a record (kJson: an array; kLines: a line without an
// id ends a record; kU16 and kU32 have no records: Error kUsage).
enum class Records { kOne, kMany };

struct IdReaderOptions {
  IdFormat format = IdFormat::kText;
  Records records = Records::kOne;
  std::optional<uint64_t> vocab_size{};  // ids must be below
  std::string_view hint{};               // the end of the message about text that is not an id
};

// Reads ids as they arrive, after a byte order mark in text formats; memory holds one block of the stream.
// Every Error kFormat names the byte offset.
class IdReader {
 public:
  IdReader(std::istream& in, const IdReaderOptions& options);

  // Goes to the next record (skips the rest of this one). False when there is none. With kOne there is always
  // exactly one, even an empty one.
  bool next_record();
  // Replaces `ids` by the next ids of this record, at least one, as soon as they arrive. False at its end.
  bool read(std::vector<TokenId>& ids);
  // Whether it has taken more bytes from the stream than the returned ids.
  bool has_bytes() const { return at_ < size_; }
  // All (remaining) ids of this record.
  std::vector<TokenId> read_all();

 private:
  // Outside an array; inside before the first id, before another id, after an id.
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
  uint64_t offset_ = 0;       // of the current byte, in the stream
  uint64_t value_ = 0;        // of the current id
  uint64_t n_digits_ = 0;     // of the current id; in kU16 and kU32 its bytes
  bool line_has_id_ = false;
  bool in_record_ = false;
  bool done_ = false;  // kOne: the one record has begun
  Json json_ = Json::kOutside;
};

// Writes ids; never flushes. The stream's own state reports write errors.
class IdWriter {
 public:
  // kMany matters only for kLines (an empty line after each record), and is refused where reading refuses it.
  IdWriter(std::ostream& out, IdFormat format, Records records = Records::kOne);

  // Writes the next ids of the record. Error kFormat for an id that kU16 cannot hold.
  void write(std::span<const TokenId> ids);
  void end_record();

 private:
  char* put(TokenId id, char* to);

  std::ostream& out_;
  IdFormat format_;
  Records records_;
  bool begun_ = false;  // the record has at least one id
  std::string text_;
};

}  // namespace rwkv
