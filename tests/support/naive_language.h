// The language of a grammar, slowly: by trying everything.
#pragma once
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "sampling/constraint/grammar.h"

namespace rwkv {

class NaiveLanguage {
 public:
  explicit NaiveLanguage(const Grammar& grammar) : grammar_(grammar) {
    for (bool changed = true; std::exchange(changed, false);) {
      for (uint32_t rule = 0; rule < grammar.rules().size(); ++rule) {
        if (!productive_.contains(rule) && is_productive(grammar.rules()[rule].body))
          productive_.insert(rule), changed = true;
      }
    }
  }

  bool is_empty() const { return !productive_.contains(0); }
  bool contains(std::string_view text) { return read(text).ends.contains(text.size()); }
  // Whether some text of the language begins so.
  bool has_beginning(std::string_view text) {
    const Match match = read(text);
    return match.goes_on || match.ends.contains(text.size());
  }

 private:
  // Of the text from a place on: where an expression may end in it, and whether one goes on behind all of it.
  struct Match {
    std::set<size_t> ends;
    bool goes_on = false;
  };

  Match read(std::string_view text) {
    text_ = text;
    known_.clear();
    return is_empty() ? Match{} : match(grammar_.rules()[0].body, 0);
  }

  bool is_productive(Grammar::Expression e) const {
    const Grammar::Node& node = grammar_.at(e);
    const auto productive = [this](Grammar::Expression part) { return is_productive(part); };
    switch (node.kind) {
      case Grammar::Kind::kBytes:
        return true;
      case Grammar::Kind::kCodes:
        return !node.codes.empty();
      case Grammar::Kind::kSequence:
        return std::ranges::all_of(node.parts, productive);
      case Grammar::Kind::kChoice:
        return std::ranges::any_of(node.parts, productive);
      case Grammar::Kind::kRepeat:
        return node.least == 0 || productive(node.parts[0]);
      case Grammar::Kind::kCall:
        break;
    }
    return productive_.contains(node.rule);
  }

  Match match(Grammar::Expression e, size_t at) {
    const auto key = std::pair(e, at);
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    return known_[key] = find(grammar_.at(e), at);
  }

  Match find(const Grammar::Node& node, size_t at) {
    Match all;
    const auto add = [&](const Match& part) {
      all.ends.insert(part.ends.begin(), part.ends.end());
      all.goes_on |= part.goes_on;
    };
    switch (node.kind) {
      case Grammar::Kind::kBytes:
        return literal(node.bytes, at);
      case Grammar::Kind::kCodes:
        for (const ByteRanges& bytes : utf8_ranges(node.codes)) add(ranges(bytes, at));
        return all;
      case Grammar::Kind::kChoice:
        for (const auto part : node.parts) add(match(part, at));
        return all;
      case Grammar::Kind::kSequence:
        all.ends = {at};
        for (size_t i = 0; i < node.parts.size(); ++i) {
          bool rest = true;
          for (size_t k = i + 1; k < node.parts.size(); ++k) rest &= is_productive(node.parts[k]);
          step(node.parts[i], rest, all);
        }
        return all;
      case Grammar::Kind::kRepeat:
        return repeat(node, at);
      case Grammar::Kind::kCall:
        break;
    }
    return match(grammar_.rules()[node.rule].body, at);
  }

  void step(Grammar::Expression part, bool rest_is_productive, Match& all) {
    std::set<size_t> ends;
    for (const size_t end : all.ends) {
      const Match one = match(part, end);
      ends.insert(one.ends.begin(), one.ends.end());
      all.goes_on |= one.goes_on && rest_is_productive;
    }
    all.ends = std::move(ends);
  }

  Match repeat(const Grammar::Node& node, size_t at) {
    Match all{{at}, false}, result;
    std::set<std::set<size_t>> seen;
    for (uint32_t n = 0;; ++n) {
      if (n >= node.least) result.ends.insert(all.ends.begin(), all.ends.end());
      if (n == node.most || (n >= node.least && !seen.insert(all.ends).second)) break;
      step(node.parts[0], true, all);
    }
    result.goes_on = all.goes_on;
    return result;
  }

  Match literal(std::string_view bytes, size_t at) const {
    const std::string_view rest = text_.substr(at);
    if (rest.starts_with(bytes)) return {{at + bytes.size()}, false};
    return {{}, bytes.starts_with(rest)};
  }

  Match ranges(const ByteRanges& bytes, size_t at) const {
    for (const auto& [first, last] : bytes) {
      if (at == text_.size()) return {{}, true};
      const auto c = static_cast<uint8_t>(text_[at++]);
      if (c < first || c > last) return {};
    }
    return {{at}, false};
  }

  const Grammar& grammar_;
  std::set<uint32_t> productive_;
  std::string_view text_;
  std::map<std::pair<Grammar::Expression, size_t>, Match> known_;
};

}  // namespace rwkv
