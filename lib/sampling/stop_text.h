// Finds stop texts in a text that arrives piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Keeps only the tail of the text that could still become a stop text.
class StopText {
 public:
  explicit StopText(std::vector<std::string> stops);  // none empty: an empty one is an Error kUsage

  // Takes the text's next bytes. True when they complete a stop text; then safe() is where the first one
  // begins, and nothing more may be added.
  bool add(std::string_view bytes);
  // How many bytes since the beginning surely belong to no stop text. Never decreases.
  uint64_t safe() const { return safe_; }
  // How many bytes were added.
  uint64_t size() const { return safe_ + tail_.size(); }

 private:
  size_t possible_bytes() const;  // the longest end of tail_ that begins a stop text

  std::vector<std::string> stops_;
  std::string tail_;  // the bytes from safe_ on
  uint64_t safe_ = 0;
};

}  // namespace rwkv
