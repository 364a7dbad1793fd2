#include "sampling/constraint/code_set.h"

#include <algorithm>
#include <string>

#include "text/utf8.h"

namespace rwkv {
namespace {

constexpr CodeRange kSurrogates{0xD800, 0xDFFF};
constexpr char32_t kLastCode = 0x10FFFF;

// Cuts a range where `border` begins.
void cut_at(char32_t border, std::vector<CodeRange>& ranges) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    const CodeRange range = ranges[i];
    if (range.first >= border || range.last < border) continue;
    ranges[i].last = border - 1;
    ranges.push_back({border, range.last});
  }
}

// `range` has one length in UTF-8. Both ends agree in all bytes but the last `n_free`, or are cut until they
// do.
void append_ranges(CodeRange range, unsigned n_free, std::vector<ByteRanges>& result) {
  for (unsigned i = 1; i <= n_free; ++i) {
    const char32_t low = (char32_t{1} << (6 * i)) - 1;
    if ((range.first | low) == (range.last | low)) break;
    if ((range.first & low) != 0) {
      append_ranges({range.first, range.first | low}, n_free, result);
      return append_ranges({(range.first | low) + 1, range.last}, n_free, result);
    }
    if ((range.last & low) != low) {
      append_ranges({range.first, (range.last & ~low) - 1}, n_free, result);
      return append_ranges({range.last & ~low, range.last}, n_free, result);
    }
  }
  std::string first, last;
  append_utf8(range.first, first);
  append_utf8(range.last, last);
  ByteRanges bytes;
  for (size_t i = 0; i < first.size(); ++i)
    bytes.push_back({static_cast<uint8_t>(first[i]), static_cast<uint8_t>(last[i])});
  result.push_back(std::move(bytes));
}

}  // namespace

CodeSet normalized(std::vector<CodeRange> ranges) {
  cut_at(kSurrogates.first, ranges);
  cut_at(kSurrogates.last + 1, ranges);
  std::erase_if(ranges, [](const CodeRange& r) {
    return r.first > r.last || (r.first >= kSurrogates.first && r.last <= kSurrogates.last);
  });
  std::ranges::sort(ranges, {}, &CodeRange::first);
  CodeSet set;
  for (const CodeRange& range : ranges) {
    if (!set.empty() && range.first <= set.back().last + 1) {
      set.back().last = std::max(set.back().last, range.last);
    } else {
      set.push_back(range);
    }
  }
  return set;
}

CodeSet united(const CodeSet& a, const CodeSet& b) {
  std::vector<CodeRange> all = a;
  all.insert(all.end(), b.begin(), b.end());
  return normalized(std::move(all));
}

CodeSet complement(const CodeSet& set) {
  std::vector<CodeRange> gaps;
  char32_t next = 0;
  for (const CodeRange& range : set) {
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCode) gaps.push_back({next, kLastCode});
  return normalized(std::move(gaps));
}

CodeSet intersection(const CodeSet& a, const CodeSet& b) {
  return complement(united(complement(a), complement(b)));
}

std::vector<ByteRanges> utf8_ranges(const CodeSet& set) {
  std::vector<CodeRange> ranges = set;
  for (const char32_t longer : {0x80, 0x800, 0x10000}) cut_at(longer, ranges);
  std::ranges::sort(ranges, {}, &CodeRange::first);
  std::vector<ByteRanges> result;
  for (const CodeRange& range : ranges) {
    const unsigned n_free = range.first < 0x80 ? 0 : range.first < 0x800 ? 1 : range.first < 0x10000 ? 2 : 3;
    append_ranges(range, n_free, result);
  }
  return result;
}

}  // namespace rwkv
