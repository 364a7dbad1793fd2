#include "sampling/constraint/grammar.h"

#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kMaxNodes = size_t{1} << 20;

}  // namespace

Grammar::Expression Grammar::add(Node node) {
  if (nodes_.size() >= kMaxNodes) throw Error(ErrorKind::kUnsupported, "the grammar is too large");
  nodes_.push_back(std::move(node));
  return static_cast<Expression>(nodes_.size() - 1);
}

Grammar::Expression Grammar::sequence(std::vector<Expression> parts) {
  if (parts.size() == 1) return parts.front();
  return add({.kind = Kind::kSequence, .parts = std::move(parts)});
}

Grammar::Expression Grammar::choice(std::vector<Expression> parts) {
  if (parts.size() == 1) return parts.front();
  return add({.kind = Kind::kChoice, .parts = std::move(parts)});
}

Grammar::Expression Grammar::repeat(Expression part, uint32_t least, uint32_t most) {
  return add({.kind = Kind::kRepeat, .parts = {part}, .least = least, .most = most});
}

Grammar::Expression Grammar::call(RuleId rule, TextPlace place) {
  return add({.kind = Kind::kCall, .rule = rule, .place = place});
}

Grammar::RuleId Grammar::add_rule(std::string name) {
  rules_.push_back({std::move(name)});
  return static_cast<RuleId>(rules_.size() - 1);
}

}  // namespace rwkv
