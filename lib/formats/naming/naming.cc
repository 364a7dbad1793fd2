#include "formats/naming/naming.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "formats/naming/prefixes.h"
#include "tensor/derived_view.h"

namespace rwkv {
namespace {

// The first that recognises a file: those of a format of their own first.
const std::array kNamings = {&kGguf,     &kRwkvCpp4,       &kRwkvCpp5,          &kRwkvCpp6,
                             &kRwkvCpp7, &kHuggingFaceFla, &kHuggingFaceNative, &kHuggingFaceBlocks,
                             &kWebRwkv5, &kWebRwkv6,       &kWebRwkv7,          &kRwkvPackageState};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The bytes of `name` that a wildcard stands for, when `next` follows it in the pattern (0: nothing does).
size_t length_of(char wildcard, char next, std::string_view name) {
  size_t n = 0;
  while (n < name.size() && (wildcard == '#' ? is_digit(name[n]) : name[n] != '.' && name[n] != next)) ++n;
  return n;
}

bool is_wildcard(char c) { return c == '#' || c == '*'; }

std::string fill_in(std::string_view ours, const std::vector<std::string_view>& pieces,
                    std::string_view pattern) {
  // Wildcards stand in the order of their kind.
  std::string result;
  std::array<size_t, 2> used{};
  for (const char c : ours) {
    if (!is_wildcard(c)) {
      result += c;
      continue;
    }
    size_t piece = 0, skip = used[c == '*' ? 1 : 0]++;
    for (const char p : pattern) {
      if (p == c && skip-- == 0) break;
      piece += is_wildcard(p) ? 1 : 0;
    }
    if (piece < pieces.size()) result += pieces[piece];
  }
  return result;
}

void add_origin(TensorView& tensor, std::string name) {
  if (tensor.origin.name.empty() && tensor.name != name)
    tensor.origin.name = std::exchange(tensor.name, name);
  tensor.name = std::move(name);
}

// The parts of a stack, or nothing when it is none of so many.
std::vector<TensorView> parts_of(const TensorView& stack, std::string_view letters) {
  std::vector<TensorView> parts;
  if (is_laid_out(stack) || stack.shape.size() < 2 || stack.shape[0] != letters.size() ||
      element_count(stack.shape) == 0)
    return parts;
  for (size_t i = 0; i < letters.size(); ++i) {
    parts.push_back(slice_of(stack, i));
    add_origin(parts.back(), stack.name + letters[i]);
  }
  return parts;
}

// Appends what becomes of the tensor by the naming.
void translate(TensorView tensor, const Naming& naming, const NamedTensors& file,
               std::vector<TensorView>& out) {
  std::string name;
  const auto rule = std::ranges::find_if(
      naming.rules, [&](const NameRule& r) { return matches(r.theirs, tensor.name, r.ours, &name); });
  if (rule == naming.rules.end()) return out.push_back(std::move(tensor));
  if (!rule->parts.empty()) {
    TensorView renamed = tensor;
    add_origin(renamed, name);
    auto parts = parts_of(renamed, rule->parts);
    if (parts.empty()) return out.push_back(std::move(tensor));
    return void(std::ranges::move(parts, std::back_inserter(out)));
  }
  add_origin(tensor, std::move(name));
  out.push_back(rule->undo == nullptr ? std::move(tensor) : rule->undo(std::move(tensor), file));
}

}  // namespace

const TensorView* NamedTensors::find(std::string_view name) const {
  const auto found = std::ranges::find(list.tensors, name, &TensorView::name);
  return found == list.tensors.end() ? nullptr : &*found;
}

const TensorView* NamedTensors::find_like(std::string_view pattern) const {
  const auto found = std::ranges::find_if(
      list.tensors, [&](const TensorView& tensor) { return matches(pattern, tensor.name); });
  return found == list.tensors.end() ? nullptr : &*found;
}

bool matches(std::string_view pattern, std::string_view name, std::string_view ours, std::string* result) {
  std::vector<std::string_view> pieces;
  std::string_view rest = name;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const size_t n = is_wildcard(pattern[i])
                         ? length_of(pattern[i], i + 1 < pattern.size() ? pattern[i + 1] : '\0', rest)
                         : size_t{!rest.empty() && rest.front() == pattern[i]};
    if (n == 0) return false;
    if (is_wildcard(pattern[i])) pieces.push_back(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  if (!rest.empty()) return false;
  if (result != nullptr) *result = fill_in(ours, pieces, pattern);
  return true;
}

TensorView undo_transpose(TensorView tensor, const NamedTensors& /*file*/) {
  const bool can = tensor.shape.size() >= 2 && !is_laid_out(tensor) && element_count(tensor.shape) > 0;
  return can ? transposed(std::move(tensor)) : tensor;
}

std::string_view apply_naming(std::string_view format, TensorList& list) {
  const auto naming_of = [&](const TensorList& tensors) {
    const auto found = std::ranges::find_if(kNamings, [&](const Naming* naming) {
      return naming->recognises({format, tensors});
    });
    return found == kNamings.end() ? nullptr : *found;
  };
  TensorList cut = without_prefixes(list);
  const Naming* naming = naming_of(cut);
  if (naming != nullptr || std::ranges::any_of(cut.tensors, is_block_name, &TensorView::name))
    list = std::move(cut);
  if (naming == nullptr) return {};
  if (naming->prepare != nullptr) naming->prepare(list);
  std::vector<TensorView> translated;
  for (const TensorView& tensor : list.tensors) translate(tensor, *naming, {format, list}, translated);
  list.tensors = std::move(translated);
  return naming->name;
}

}  // namespace rwkv
