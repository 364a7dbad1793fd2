#include "text/thoughts.h"

#include <algorithm>
#include <utility>

namespace rwkv {
namespace {

constexpr std::string_view kBegin = "<think", kEnd = "</think", kSpace = " \t\r\n";

// How many bytes at the end of `text` begin `mark`, all of it left out.
size_t begun(std::string_view text, std::string_view mark) {
  size_t n = std::min(text.size(), mark.size() - 1);
  while (n > 0 && !text.ends_with(mark.substr(0, n))) --n;
  return n;
}

}  // namespace

std::vector<ThoughtSplitter::Part> ThoughtSplitter::add(std::string_view text) {
  pending_ += text;
  std::vector<Part> parts;
  while (advance(parts)) {
  }
  return parts;
}

// True when the place has changed, so that there may be more to do.
bool ThoughtSplitter::advance(std::vector<Part>& parts) {
  const auto go_to = [&](Place place) {
    place_ = place;
    return true;
  };
  switch (place_) {
    case Place::kBegin:
      pending_.erase(0, std::min(pending_.find_first_not_of(kSpace), pending_.size()));
      if (pending_.size() < kBegin.size() && kBegin.starts_with(pending_)) return false;
      if (!pending_.starts_with(kBegin)) return go_to(Place::kAnswer);
      pending_.erase(0, kBegin.size());
      return go_to(Place::kMark);
    case Place::kMark:
    case Place::kEndMark:
      if (pending_.empty()) return false;
      if (pending_.front() == '>') pending_.erase(0, 1);
      space_.clear();
      part_begun_ = false;
      return go_to(place_ == Place::kMark ? Place::kThought : Place::kAnswer);
    case Place::kThought: {
      const size_t end = pending_.find(kEnd);
      const size_t n = end != std::string::npos ? end : pending_.size() - begun(pending_, kEnd);
      emit(std::string_view(pending_).substr(0, n), parts);
      pending_.erase(0, n);
      if (end == std::string::npos) return false;
      pending_.erase(0, kEnd.size());
      return go_to(Place::kEndMark);
    }
    case Place::kAnswer:
      emit(pending_, parts);
      pending_.clear();
      return false;
  }
  return false;
}

void ThoughtSplitter::emit(std::string_view text, std::vector<Part>& parts) {
  if (!part_begun_) text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const size_t last = text.find_last_not_of(kSpace);
  if (last == std::string_view::npos) {
    space_ += text;
    return;
  }
  parts.push_back({place_ == Place::kThought, std::exchange(space_, std::string(text.substr(last + 1)))});
  parts.back().text += text.substr(0, last + 1);
  part_begun_ = true;
}

std::vector<ThoughtSplitter::Part> ThoughtSplitter::finish() {
  std::vector<Part> parts;
  if (place_ == Place::kBegin) place_ = Place::kAnswer;
  if (place_ == Place::kThought || place_ == Place::kAnswer) emit(std::exchange(pending_, {}), parts);
  return parts;
}

}  // namespace rwkv
