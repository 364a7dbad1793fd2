// Finds stop texts in a text that arrives piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Keeps only the end of the text that may still become a stop text.
class StopText {
 public:
  explicit StopText(std::vector<std::string> stops);  // Error kUsage when one is empty

  // Takes the text's next bytes. Returns true when they complete a stop text; then safe() is where the first
  // stop text begins, and nothing more may be added.
  bool add(std::string_view bytes);
  // The number of bytes that certainly belong to no stop text. Never decreases.
  uint64_t safe() const { return safe_; }
  // The number of bytes added.
  uint64_t size() const { return safe_ + tail_.size(); }

 private:
  size_t possible_bytes() const;  // of the longest end of tail_ that begins a stop text

  std::vector<std::string> stops_;
  std::string tail_;  // the bytes from safe_ on
  uint64_t safe_ = 0;
};

}  // namespace rwkv
