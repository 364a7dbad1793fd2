// Sets of characters, by code point.
#pragma once
#include <cstdint>
#include <vector>

namespace rwkv {

struct CodeRange {
  char32_t first, last;  // both belong to it

  bool operator==(const CodeRange&) const = default;
};

// Ranges in rising order with gaps between them; Unicode scalar values only (no surrogates).
using CodeSet = std::vector<CodeRange>;

// The same characters as a CodeSet; ranges may come in any order and overlap.
CodeSet normalized(std::vector<CodeRange> ranges);
CodeSet united(const CodeSet& a, const CodeSet& b);
// All characters that are not in the set.
CodeSet complement(const CodeSet& set);
CodeSet intersection(const CodeSet& a, const CodeSet& b);

// A sequence of byte ranges that UTF-8 has for a range of characters.
struct ByteRange {
  uint8_t first, last;

  bool operator==(const ByteRange&) const = default;
};
using ByteRanges = std::vector<ByteRange>;

// The sequences of bytes that are the set's characters in UTF-8: each an alternative.
std::vector<ByteRanges> utf8_ranges(const CodeSet& set);

}  // namespace rwkv
