#include "ids/id_stream.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <ostream>
#include <utility>

#include "core/byte_order_mark.h"
#include "core/error.h"
#include "core/printable.h"
#include "core/read_some.h"

namespace rwkv {
namespace {

constexpr size_t kBlockBytes = 1 << 16;
constexpr uint64_t kMaxId = std::numeric_limits<TokenId>::max();

struct FormatName {
  std::string_view name;
  IdFormat format;
};
constexpr FormatName kFormatNames[] = {{"text", IdFormat::kText},
                                       {"lines", IdFormat::kLines},
                                       {"json", IdFormat::kJson},
                                       {"u16", IdFormat::kU16},
                                       {"u32", IdFormat::kU32}};

bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Bytes of an id in a binary form, else 0.
unsigned width_of(IdFormat format) { return format == IdFormat::kU16 ? 2 : format == IdFormat::kU32 ? 4 : 0; }

void check_records(IdFormat format, Records records) {
  if (records == Records::kMany && width_of(format) != 0) {
    throw Error(ErrorKind::kUsage, "ids as u16 or u32 have no records: want text, lines or json");
  }
}

char* put_binary(TokenId id, unsigned width, char* to) {
  if (width == 2 && id > 0xffff) {
    throw Error(ErrorKind::kFormat, "id " + std::to_string(id) + " does not fit u16: want at most 65535");
  }
  for (unsigned i = 0; i < width; ++i) *to++ = static_cast<char>(id >> (8 * i) & 0xff);
  return to;
}

}  // namespace

std::vector<std::string> id_format_names() {
  std::vector<std::string> names;
  for (const auto& known : kFormatNames) names.emplace_back(known.name);
  return names;
}

IdFormat id_format_from_name(std::string_view name) {
  for (const auto& known : kFormatNames) {
    if (known.name == name) return known.format;
  }
  throw Error(ErrorKind::kUsage, "ids as '" + printable(name) + "': want text, lines, json, u16 or u32");
}

IdReader::IdReader(std::istream& in, const IdReaderOptions& options)
    : in_(in), options_(options), block_(kBlockBytes) {
  check_records(options.format, options.records);
}

bool IdReader::fill() {
  if (at_ < size_) return true;
  at_ = 0;
  size_ = read_some(in_, block_);
  if (offset_ == 0 && width_of(options_.format) == 0) skip_byte_order_mark();
  return at_ < size_;
}

// The first block contains the whole mark: input whose first read gives fewer than three bytes has no mark in
// front of ids.
void IdReader::skip_byte_order_mark() {
  if (!std::string_view(block_.data(), size_).starts_with(kByteOrderMark)) return;
  at_ = offset_ = kByteOrderMark.size();
  if (at_ == size_) fill();
}

bool IdReader::next_record() {
  for (std::vector<TokenId> skipped; in_record_;) read(skipped);
  if (options_.records == Records::kOne) return in_record_ = !std::exchange(done_, true);
  const bool skip_space = options_.format == IdFormat::kJson;
  while (fill() && skip_space && is_space(static_cast<unsigned char>(block_[at_]))) ++at_, ++offset_;
  return in_record_ = at_ < size_;
}

bool IdReader::read(std::vector<TokenId>& ids) {
  ids.clear();
  while (in_record_ && ids.empty()) {
    if (!fill()) {
      in_record_ = false;
      end_stream(ids);
    }
    take_block(ids);
  }
  return !ids.empty();
}

void IdReader::take_block(std::vector<TokenId>& ids) {
  const bool is_text = options_.format == IdFormat::kText, is_binary = width_of(options_.format) != 0;
  while (in_record_ && at_ < size_) {
    if (n_digits_ == 0 && is_text) take_words(ids);
    if (n_digits_ == 0 && is_binary) take_whole(ids);
    if (at_ == size_) return;
    take(static_cast<unsigned char>(block_[at_++]), ids);
    ++offset_;
  }
}

// Takes the ids that lie whole in this block.
void IdReader::take_whole(std::vector<TokenId>& ids) {
  const size_t width = width_of(options_.format), begin = at_;
  for (; size_ - at_ >= width; at_ += width) {
    const auto byte = [&](size_t i) {
      return TokenId{static_cast<unsigned char>(block_[at_ + i])} << (8 * i);
    };
    const TokenId id = byte(0) | byte(1) | (width == 4 ? byte(2) | byte(3) : 0);
    if (!is_known(id)) break;
    ids.push_back(id);
  }
  offset_ += at_ - begin;
}

// Takes ids followed by a space in this block, which are nearly all: faster than byte by byte.
void IdReader::take_words(std::vector<TokenId>& ids) {
  constexpr size_t kSafeDigits = 9;  // of any number below 2^32
  const size_t begin = at_;
  while (at_ + kSafeDigits < size_) {
    const char* const text = block_.data() + at_;
    size_t n = 0;
    for (value_ = 0; n < kSafeDigits && is_digit(static_cast<unsigned char>(text[n])); ++n) {
      value_ = 10 * value_ + static_cast<uint64_t>(text[n] - '0');
    }
    if (n == 0 || text[n] != ' ' || !is_known(value_)) break;
    ids.push_back(static_cast<TokenId>(value_));
    line_has_id_ = true;
    at_ += n + 1;
  }
  offset_ += at_ - begin;
  value_ = 0;
}

std::vector<TokenId> IdReader::read_all() {
  std::vector<TokenId> all, some;
  while (read(some)) all.insert(all.end(), some.begin(), some.end());
  return all;
}

void IdReader::take(unsigned char c, std::vector<TokenId>& ids) {
  if (width_of(options_.format) != 0) {
    take_binary(c, ids);
  } else if (is_digit(c)) {
    add_digit(c);
  } else if (options_.format == IdFormat::kJson) {
    take_json(c, ids);
  } else {
    take_text(c, ids);
  }
}

void IdReader::take_text(unsigned char c, std::vector<TokenId>& ids) {
  if (!is_space(c)) refuse_byte(c);
  end_id(ids);
  if (c != '\n') return;
  const bool ends_record = options_.format == IdFormat::kText || !line_has_id_;
  line_has_id_ = false;
  if (ends_record && options_.records == Records::kMany) in_record_ = false;
}

void IdReader::take_json(unsigned char c, std::vector<TokenId>& ids) {
  end_id(ids);
  if (c == '[' && json_ == Json::kOutside) {
    json_ = Json::kFirst;
  } else if (c == ',' && json_ == Json::kBehind) {
    json_ = Json::kNext;
  } else if (c == ']' && (json_ == Json::kFirst || json_ == Json::kBehind)) {
    json_ = Json::kOutside;
    if (options_.records == Records::kMany) in_record_ = false;
  } else if (!is_space(c)) {
    refuse_byte(c);
  }
}

void IdReader::take_binary(unsigned char c, std::vector<TokenId>& ids) {
  value_ |= uint64_t{c} << (8 * n_digits_);
  if (++n_digits_ == width_of(options_.format)) end_id(ids);
}

void IdReader::add_digit(unsigned char c) {
  if (options_.format == IdFormat::kJson && json_ != Json::kFirst && json_ != Json::kNext) refuse_byte(c);
  value_ = 10 * value_ + (c - '0');
  ++n_digits_;
  if (value_ > kMaxId) fail("an id above " + std::to_string(kMaxId));
}

void IdReader::end_id(std::vector<TokenId>& ids) {
  if (n_digits_ == 0) return;
  if (!is_known(value_)) {
    const uint64_t last = width_of(options_.format) != 0 ? 1 : 0;  // one of its bytes is at offset_
    throw Error(ErrorKind::kFormat,
                "byte " + std::to_string(offset_ + last - n_digits_) + ": id " + std::to_string(value_) +
                    ": want below " + std::to_string(*options_.vocab_size) + ", the size of the vocabulary");
  }
  ids.push_back(static_cast<TokenId>(value_));
  value_ = n_digits_ = 0;
  line_has_id_ = true;
  if (json_ != Json::kOutside) json_ = Json::kBehind;
}

void IdReader::end_stream(std::vector<TokenId>& ids) {
  if (json_ != Json::kOutside) fail("ends inside an array of ids");
  if (width_of(options_.format) != 0 && n_digits_ > 0) fail("ends inside an id");
  end_id(ids);
}

void IdReader::fail(const std::string& what) const {
  throw Error(ErrorKind::kFormat, "byte " + std::to_string(offset_) + ": " + what);
}

void IdReader::refuse_byte(unsigned char c) const {
  constexpr char kHex[] = "0123456789abcdef";
  const bool visible = c > ' ' && c < 0x7f;
  const std::string shown = visible ? std::string{'\'', static_cast<char>(c), '\''}
                                    : std::string{'0', 'x', kHex[c >> 4], kHex[c & 15]};
  const bool punctuation =
      options_.format == IdFormat::kJson && (is_digit(c) || c == '[' || c == ',' || c == ']');
  fail(shown + (punctuation ? " is out of place in arrays of ids" : " is not part of an id") +
       std::string(options_.hint));
}

IdWriter::IdWriter(std::ostream& out, IdFormat format, Records records)
    : out_(out), format_(format), records_(records) {
  check_records(format, records);
}

void IdWriter::write(std::span<const TokenId> ids) {
  constexpr size_t kAtOnce = 1 << 14, kLongest = 12;  // a separator, ten digits, a line break
  while (!ids.empty()) {
    const auto some = ids.first(std::min(kAtOnce, ids.size()));
    text_.resize(std::max(text_.size(), some.size() * kLongest));
    char* end = text_.data();
    for (const TokenId id : some) end = put(id, end);
    out_.write(text_.data(), end - text_.data());
    ids = ids.subspan(some.size());
  }
}

char* IdWriter::put(TokenId id, char* to) {
  if (const unsigned width = width_of(format_); width != 0) return put_binary(id, width, to);
  if (format_ == IdFormat::kText && begun_) *to++ = ' ';
  if (format_ == IdFormat::kJson) *to++ = begun_ ? ',' : '[';
  to = std::to_chars(to, to + 10, id).ptr;
  if (format_ == IdFormat::kLines) *to++ = '\n';
  begun_ = true;
  return to;
}

void IdWriter::end_record() {
  if (format_ == IdFormat::kText) out_ << '\n';
  if (format_ == IdFormat::kJson) out_ << (begun_ ? "]\n" : "[]\n");
  if (format_ == IdFormat::kLines && records_ == Records::kMany) out_ << '\n';
  begun_ = false;
}

}  // namespace rwkv
