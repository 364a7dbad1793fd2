// A conversation with a model: its turns, and the state that remembers them.
#pragma once
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generate/stats.h"
#include "session/continuation.h"
#include "session/speculation.h"
#include "text/chat_template.h"
#include "text/thoughts.h"
#include "text/tokenizer.h"

namespace rwkv {

// How turns are written.
struct ChatForm {
  const ChatTemplate* chat_template;
  const ThinkForm* think = nullptr;  // null: as the template has it
  std::string system{};              // in front of the first turn; empty: none
};

// What the user says, and how often the model has answered it before.
struct Message {
  std::string text;
  size_t n_retries = 0;
};

class Conversation {
 public:
  using PartSink = std::function<void(const ThoughtSplitter::Part&)>;

  // `stop` is asked between two passes, and while a message is read. Model, tokenizer and speculation outlive
  // this; without a speculation every pass draws one token.
  Conversation(const Model& model, const Tokenizer& tokenizer, size_t n_threads, std::function<bool()> stop,
               Speculation* speculation = nullptr);

  // Says something and passes the answer on as it comes. The answer ends at id 0, at kNextTurn, or by
  // `options`, which have `bytes_of`. The sampler starts anew, so the answer has the ids that rwkv-generate
  // draws behind the same ids. Thoughts are not remembered, as the models' templates do it: a turn with a
  // thought is read once more without. Returns why the answer ended; kNone means that stop() became true. The
  // conversation is as before when that came before an answer, and after an exception, on_part's too.
  StopReason say(const Message& message, const ChatForm& form, ContinuationOptions options,
                 const PartSink& on_part);

  // Steps are say(), begin() and load(). Takes the last one back; false when there is none whose state is
  // still in memory, which is bounded.
  bool undo();
  // Takes the last step back if it was say(), and returns the message for another try.
  std::optional<Message> take_back();

  // Begins anew: from the model's initial state, or from a tuned one if that was loaded.
  void begin();
  // Continues from a state file, or, returning false, begins from an initial state of another kind. Error as
  // load_state().
  bool load(const std::filesystem::path& path);
  // Writes a state file, with all ids as its history if they are known. Error as save_state().
  void save(const std::filesystem::path& path) const;

  uint64_t n_tokens() const { return place_.sequence.n_tokens; }
  // Of the last answer; nothing before the first.
  const std::optional<GenerateStats>& stats() const { return stats_; }

 private:
  struct Place {
    Sequence sequence;
    std::vector<TokenId> history{};    // the last ids of the sequence, all of them if they are known
    std::optional<Message> message{};  // whose answer it stands after
  };
  struct Answer {
    std::string text{};
    bool has_thought = false;
    StopReason stop = StopReason::kNone;
  };

  void keep_place();
  std::string separator() const;
  void read(std::string_view text);
  void read_prompt(std::string_view text);
  Answer draw_answer(std::string_view opening, ContinuationOptions options, const PartSink& on_part);
  void remember_without_thought(std::span<const ChatMessage> turn);

  const Model& model_;
  const Tokenizer& tokenizer_;
  std::function<bool()> stop_;
  Speculation* speculation_;
  bool may_stop_ = true;  // reading
  Runner runner_;
  Sequence start_;
  Place place_;
  std::deque<Place> before_;  // the places before the last steps
  size_t most_steps_;
  std::optional<GenerateStats> stats_;
};

}  // namespace rwkv
