// Separates a model's thoughts from its answer.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Takes an assistant's turn piece by piece: white space, perhaps a thought between "<think>" and "</think>",
// then the answer. Removes the marks, and white space around both parts. A mark may have no ">" if the prompt
// ended inside the mark and the model continued with something else.
class ThoughtSplitter {
 public:
  struct Part {
    bool is_thought;
    std::string text;  // not empty

    bool operator==(const Part&) const = default;
  };

  // `opening`: the part of the turn that is in the prompt, such as " <think".
  explicit ThoughtSplitter(std::string_view opening) { add(opening); }
  // Returns the parts that are certain so far.
  std::vector<Part> add(std::string_view text);
  // Call at the end of the turn: returns what was held back.
  std::vector<Part> finish();

 private:
  enum class Place { kBegin, kMark, kThought, kEndMark, kAnswer };
  bool advance(std::vector<Part>& parts);
  void emit(std::string_view text, std::vector<Part>& parts);

  Place place_ = Place::kBegin;
  std::string pending_;
  std::string space_;        // held back: may be the end of the part
  bool part_begun_ = false;  // the part has more than white space
};

}  // namespace rwkv
