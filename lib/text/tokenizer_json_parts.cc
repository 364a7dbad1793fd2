#include "text/tokenizer_json_parts.h"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

// Takes the vocabulary out of a file that is parsed; the rest becomes JSON, in which both parts are empty.
class Handler {
 public:
  // NOLINTBEGIN(readability-identifier-naming): Boost's names
  static constexpr size_t max_object_size = json::object::max_size(),
                          max_array_size = json::array::max_size(), max_key_size = json::string::max_size(),
                          max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  BpeVocabulary vocabulary;
  json::value_stack rest;

  static bool on_document_begin(json::error_code&) { return true; }
  static bool on_document_end(json::error_code&) { return true; }
  static bool on_number_part(std::string_view, json::error_code&) { return true; }
  static bool on_comment_part(std::string_view, json::error_code&) { return true; }
  static bool on_comment(std::string_view, json::error_code&) { return true; }

  bool on_object_begin(json::error_code&) {
    want_elsewhere();
    if (depth_++ == kModelDepth && next_ == Place::kVocab) {
      place_ = Place::kVocab;
      vocabulary.tokens.clear();
    }
    return true;
  }

  bool on_object_end(size_t n, json::error_code&) {
    --depth_;
    rest.push_object(std::exchange(place_, Place::kElsewhere) == Place::kVocab ? 0 : n);
    return true;
  }

  bool on_array_begin(json::error_code&) {
    if (place_ == Place::kMerges) {
      place_ = Place::kMergePair;
      n_in_pair_ = 0;
    } else {
      want_elsewhere();
      if (depth_ == kModelDepth && next_ == Place::kMerges) {
        place_ = Place::kMerges;
        vocabulary.merges.clear();
      }
    }
    ++depth_;
    return true;
  }

  bool on_array_end(size_t n, json::error_code&) {
    --depth_;
    if (place_ == Place::kMergePair) {
      if (n != 2) refuse_value();
      place_ = Place::kMerges;
      end_merge();
    } else {
      rest.push_array(std::exchange(place_, Place::kElsewhere) == Place::kMerges ? 0 : n);
    }
    return true;
  }

  bool on_key_part(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) {
      vocabulary.text += part;
    } else {
      rest.push_chars(part);
      key_ += part;
    }
    return true;
  }

  bool on_key(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) {
      vocabulary.text += part;
      const uint32_t begin = std::exchange(begin_, text_size());
      vocabulary.tokens.push_back({begin, begin_ - begin, 0});
    } else {
      rest.push_key(part);
      key_ += part;
      follow_key();
    }
    return true;
  }

  bool on_string_part(std::string_view part, size_t, json::error_code&) {
    if (place_ == Place::kVocab) refuse_value();
    if (place_ == Place::kElsewhere) {
      rest.push_chars(part);
    } else {
      vocabulary.text += part;
    }
    return true;
  }

  bool on_string(std::string_view part, size_t n, json::error_code& error) {
    if (place_ == Place::kElsewhere) return rest.push_string(part), true;
    on_string_part(part, n, error);
    if (place_ == Place::kMerges) {
      split_merge();
      end_merge();
    } else if (n_in_pair_++ == 0) {
      left_size_ = text_size() - begin_;
    }
    return true;
  }

  bool on_int64(int64_t number, std::string_view, json::error_code&) {
    if (place_ == Place::kVocab && number >= 0) {
      vocabulary.tokens.back().id = static_cast<uint64_t>(number);
    } else {
      want_elsewhere();
      rest.push_int64(number);
    }
    return true;
  }
  bool on_uint64(uint64_t number, std::string_view, json::error_code&) {
    return want_elsewhere(), rest.push_uint64(number), true;
  }
  bool on_double(double number, std::string_view, json::error_code&) {
    return want_elsewhere(), rest.push_double(number), true;
  }
  bool on_bool(bool value, json::error_code&) { return want_elsewhere(), rest.push_bool(value), true; }
  bool on_null(json::error_code&) { return want_elsewhere(), rest.push_null(), true; }

 private:
  enum class Place : uint8_t { kElsewhere, kVocab, kMerges, kMergePair };
  static constexpr size_t kModelDepth = 2;  // of the model's members

  uint32_t text_size() const { return static_cast<uint32_t>(vocabulary.text.size()); }

  void follow_key() {
    if (depth_ < kModelDepth) in_model_ = key_ == "model";
    const bool is_member = in_model_ && depth_ == kModelDepth;
    if (depth_ <= kModelDepth) {
      next_ = is_member && key_ == "vocab"    ? Place::kVocab
              : is_member && key_ == "merges" ? Place::kMerges
                                              : Place::kElsewhere;
    }
    key_.clear();
  }

  void split_merge() {
    const size_t space = vocabulary.text.find(' ', begin_);
    if (space == std::string::npos) refuse_value();
    vocabulary.text.erase(space, 1);
    left_size_ = static_cast<uint32_t>(space) - begin_;
  }

  void end_merge() {
    const uint32_t begin = std::exchange(begin_, text_size());
    vocabulary.merges.push_back({begin, left_size_, begin_ - begin - left_size_});
  }

  void want_elsewhere() const {
    if (place_ != Place::kElsewhere) refuse_value();
  }

  [[noreturn]] void refuse_value() const {
    if (place_ == Place::kVocab) {
      const auto token = vocabulary.text_of(vocabulary.tokens.back());
      fail("the id of '" + printable(token) + "': want a whole number");
    }
    fail("merge " + std::to_string(vocabulary.merges.size() + 1) +
         R"(: want "left right" or ["left", "right"])");
  }

  Place place_ = Place::kElsewhere;
  Place next_ = Place::kElsewhere;  // where the value behind the model's key at hand stands
  size_t depth_ = 0;                // objects and arrays around
  bool in_model_ = false;
  std::string key_;
  uint32_t begin_ = 0;                      // of the token or merge at hand
  uint32_t left_size_ = 0, n_in_pair_ = 0;  // of the merge at hand
};

}  // namespace

TokenizerJsonParts split_tokenizer_json(std::string_view file) {
  if (file.size() > std::numeric_limits<uint32_t>::max()) fail("more than 4 GB");
  json::basic_parser<Handler> parser({});
  Handler& handler = parser.handler();
  handler.vocabulary.text.reserve(file.size());
  json::error_code error;
  const size_t end = parser.write_some(false, file.data(), file.size(), error);
  if (!error && end < file.size()) error = json::error::extra_data;
  if (error) fail("broken JSON: " + error.message());
  return {std::move(handler.vocabulary), json::serialize(handler.rest.release())};
}

}  // namespace rwkv
