#include "chat/conversation.h"

#include <utility>

#include "common/memory.h"
#include "formats/tensor_file.h"
#include "generate/token_output.h"
#include "session/state_file.h"

namespace rwkv {
namespace {

constexpr size_t kMostSteps = 64;
constexpr std::string_view kEmptyLine = "\n\n";

}  // namespace

Conversation::Conversation(const Model& model, const Tokenizer& tokenizer, size_t n_threads,
                           std::function<bool()> stop, Speculation* speculation)
    : model_(model),
      tokenizer_(tokenizer),
      stop_(std::move(stop)),
      speculation_(speculation),
      runner_(model, n_threads, [this] { return may_stop_ && stop_(); }),
      start_(runner_.new_sequence()),
      place_{start_},
      most_steps_(bounded_by_memory(kMostSteps, start_.state.bytes())) {}

void Conversation::keep_place() {
  before_.push_back(place_);
  if (before_.size() > most_steps_) before_.pop_front();
}

// The rest of the empty line that stands between turns: an answer may end in line breaks.
std::string Conversation::separator() const {
  if (n_tokens() == 0) return {};
  const auto& ids = place_.history;
  std::string end;
  for (auto id = ids.rbegin(); id != ids.rend() && end.size() < kEmptyLine.size(); ++id)
    end.insert(0, bytes_of_drawn(tokenizer_, *id));
  size_t n_missing = 0;
  while (!end.ends_with(kEmptyLine.substr(n_missing))) ++n_missing;
  return std::string(kEmptyLine.substr(0, n_missing));
}

void Conversation::read(std::string_view text) {
  const auto ids = tokenizer_.encode(text);
  runner_.read(place_.sequence, ids);
  place_.history.insert(place_.history.end(), ids.begin(), ids.end());
}

void Conversation::read_prompt(std::string_view text) {
  const auto n_in_state = [&] { return n_tokens() - (place_.sequence.pending ? 1 : 0); };
  const uint64_t n_before = n_tokens(), n_in_state_before = n_in_state();
  read(text);
  stats_->count_pass(n_tokens() - n_before, 0, 0);
  stats_->end_prompt(n_in_state() - n_in_state_before);
}

StopReason Conversation::say(const Message& message, const ChatForm& form, ContinuationOptions options,
                             const PartSink& on_part) {
  std::vector<ChatMessage> turn;
  if (n_tokens() == 0 && !form.system.empty()) turn.push_back({"system", form.system});
  turn.push_back({"user", message.text});
  const ChatPrompt prompt = chat_prompt(*form.chat_template, turn, form.think);
  keep_place();
  try {
    stats_.emplace(model_.file(), options.sampler.seed, speculation_);
    read_prompt(separator() + prompt.text);
    const Answer answer = stop_() ? Answer() : draw_answer(prompt.opening, std::move(options), on_part);
    if (answer.stop == StopReason::kNone && answer.text.empty()) {
      undo();
      return answer.stop;
    }
    turn.push_back({"assistant", answer.text});
    if (answer.has_thought || !prompt.opening.empty()) remember_without_thought(turn);
    place_.message = message;
    return answer.stop;
  } catch (...) {
    undo();
    throw;
  }
}

Conversation::Answer Conversation::draw_answer(std::string_view opening, ContinuationOptions options,
                                               const PartSink& on_part) {
  options.keep_end = true;
  options.stop_texts.emplace_back(kNextTurn);
  place_.sequence.sampler = {};
  const auto memory =
      speculation_ != nullptr ? speculation_->follow(place_.sequence, place_.history) : nullptr;
  Continuation continuation(std::move(place_.sequence), std::move(options));
  ThoughtSplitter thoughts(opening);
  Answer answer;
  std::string beyond;  // shown bytes of a token in which a stop begins: the sequence stands before that token
  const auto pass_on = [&](const std::vector<ThoughtSplitter::Part>& parts) {
    for (const auto& part : parts) {
      if (part.is_thought) answer.has_thought = true;
      if (!part.is_thought) answer.text += part.text;
      on_part(part);
    }
  };
  const auto take = [&] {
    const std::string bytes = continuation.take_bytes();
    beyond += bytes;
    for (const DrawnToken& token : continuation.take_tokens()) {
      place_.history.push_back(token.id);
      beyond.erase(0, bytes_of_drawn(tokenizer_, token.id).size());
    }
    pass_on(thoughts.add(bytes));
  };
  while (continuation.stopped() == StopReason::kNone && !stop_()) {
    const size_t n_drawn = draw_next(continuation, memory.get(), speculation_, runner_);
    stats_->count_pass(0, n_drawn, 1);
    take();
  }
  continuation.release_held();
  take();
  pass_on(thoughts.finish());
  answer.stop = continuation.stopped();
  stats_->end(answer.stop == StopReason::kNone ? "signal" : stop_name(answer.stop));
  place_.sequence = std::move(continuation.sequence());
  if (!beyond.empty()) read(beyond);
  return answer;
}

// A signal does not end this, or the conversation would end in the middle of a turn.
void Conversation::remember_without_thought(std::span<const ChatMessage> turn) {
  place_ = before_.back();
  std::string text = separator();
  for (const ChatMessage& message : turn) text += chat_turn(message.role, message.content);
  may_stop_ = false;
  read(text);
  may_stop_ = true;
}

bool Conversation::undo() {
  if (before_.empty()) return false;
  place_ = std::move(before_.back());
  before_.pop_back();
  return true;
}

std::optional<Message> Conversation::take_back() {
  auto message = place_.message;
  if (!message || !undo()) return std::nullopt;
  ++message->n_retries;
  return message;
}

void Conversation::begin() {
  keep_place();
  place_ = {start_};
}

bool Conversation::load(const std::filesystem::path& path) {
  const TensorFile file = TensorFile::open(path, FileAccess::kMap, stop_);
  Place place{load_state(file, model_)};
  const bool is_conversation = file.metadata().contains(kStateFileKey);
  if (!is_conversation) start_ = place.sequence;
  place.history = read_history(file);
  if (place.history.empty() && place.sequence.pending) place.history = {*place.sequence.pending};
  keep_place();
  place_ = std::move(place);
  return is_conversation;
}

void Conversation::save(const std::filesystem::path& path) const {
  const bool knows_all = place_.history.size() == n_tokens();
  save_state(path, place_.sequence, model_, knows_all ? place_.history : std::vector<TokenId>());
}

}  // namespace rwkv
