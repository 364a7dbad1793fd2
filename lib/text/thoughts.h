// Parts what a model thinks from what it answers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Takes an assistant's turn piece by piece: white space, then perhaps a thought between "<think>" and
// "</think>", then the answer. The marks, and white space around either part, are left out. A mark lacks its
// ">" where the prompt ended in it and the model began with something else.
class ThoughtSplitter {
 public:
  struct Part {
    bool is_thought;
    std::string text;  // not empty

    bool operator==(const Part&) const = default;
  };

  // `opening`: what the prompt has of the turn already, such as " <think".
  explicit ThoughtSplitter(std::string_view opening) { add(opening); }
  // The parts that are certain by now.
  std::vector<Part> add(std::string_view text);
  // The turn has ended: what was held back.
  std::vector<Part> finish();

 private:
  enum class Place { kBegin, kMark, kThought, kEndMark, kAnswer };
  bool advance(std::vector<Part>& parts);
  void emit(std::string_view text, std::vector<Part>& parts);

  Place place_ = Place::kBegin;
  std::string pending_;
  std::string space_;        // held back: it may be the part's end
  bool part_begun_ = false;  // it has more than white space
};

}  // namespace rwkv
