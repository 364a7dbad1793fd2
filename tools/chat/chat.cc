#include "chat/chat.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <system_error>

#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/error.h"

namespace rwkv {
namespace {

AnswerLook look_of_output() {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool has_colours =
      !from_environment("NO_COLOR") && from_environment("TERM").value_or("dumb") != "dumb";
  return {is_terminal, is_terminal && has_colours};
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(path, ignored);
}

const ThinkForm* think_form_of(const std::string& name) {
  return name.empty() ? nullptr : &think_form_from_name(name);
}

}  // namespace

Chat::Chat(const ChatOptions& options, const Model& model, const Tokenizer& tokenizer)
    : options_(options),
      draft_("rwkv-chat", options, model,
             {.n_threads = options.threads, .access = options.access, .quiet = options.quiet}),
      conversation_(model, tokenizer, options.threads, stop_requested, draft_.speculation()),
      form_{&chat_template_of(options, model.file()), think_form_of(options.think), options.system},
      look_(look_of_output()),
      lines_(STDIN_FILENO) {
  if (is_there(options.state) && !conversation_.load(options.state)) {
    throw Error(ErrorKind::kUsage,
                options.state + ": no conversation, and --state would replace it; /load may take it");
  }
  if (can_edit_lines()) editor_.emplace();
  if (!editor_) tell_of_terminal("messages");
}

void Chat::run() {
  if (editor_ && !options_.quiet) {
    std::cerr
        << "Template " << form_.chat_template->name << ", " << conversation_.n_tokens()
        << " tokens so far.\n/help lists the commands. Ctrl-C ends an answer, Ctrl-D the conversation.\n";
  }
  while (!stop_requested()) {
    if (const auto line = next_line()) {
      was_interrupted_ = false;
      handle(*line);
      continue;
    }
    if (!editor_ || was_interrupted_ || !take_interrupt()) break;
    was_interrupted_ = true;
    std::cerr << "Ctrl-C once more, or Ctrl-D, ends the conversation.\n";
  }
  keep_state();
}

std::optional<std::string> Chat::next_line() { return editor_ ? editor_->next() : lines_.next(true); }

void Chat::handle(const std::string& line) {
  try {
    if (line.starts_with('/')) {
      run_command(command_of(line));
    } else if (line.find_first_not_of(" \t\r\n") != std::string::npos) {
      say({line});
    }
    keep_state();
  } catch (const Error& e) {
    if (!editor_ || stop_requested()) throw;
    tell(e.what());
  }
}

Command Chat::command_of(const std::string& line) const {
  if (editor_) return parse_command(line);
  return with_context("line " + std::to_string(lines_.line_number()), [&] { return parse_command(line); });
}

void Chat::run_command(const Command& command) {
  switch (command.kind) {
    case CommandKind::kHelp:
      std::cerr << commands_text();
      return;
    case CommandKind::kReset:
      return begin();
    case CommandKind::kUndo:
      return undo();
    case CommandKind::kRetry:
      return retry();
    case CommandKind::kSave:
      return conversation_.save(command.argument);
    case CommandKind::kLoad:
      conversation_.load(command.argument);
      is_kept_ = false;
      return;
    case CommandKind::kSystem:
      form_.system = command.argument;
      return begin();
    case CommandKind::kThink:
      form_.think = think_form_of(command.argument);
      return;
    case CommandKind::kStats:
      return print_stats();
  }
}

void Chat::say(const Message& message) {
  ContinuationOptions options = options_.continuation;
  options.sampler.seed = options_.has_seed ? options.sampler.seed + message.n_retries : random_seed();
  AnswerWriter writer(std::cout, look_);
  StopReason stop = StopReason::kNone;
  try {
    is_kept_ = false;
    stop = conversation_.say(message, form_, options, [&](const auto& part) { writer.write(part); });
  } catch (...) {
    writer.finish();
    throw;
  }
  writer.finish();
  if (!editor_) return;
  if (stop == StopReason::kLength && !options_.quiet) tell("the answer was cut, -n sets how long it may be");
  if (look_.is_terminal) std::cout << std::endl;
  if (stop == StopReason::kNone) was_interrupted_ = take_interrupt();
  if (was_interrupted_) std::cout.clear();  // a reader that had stalled may go on
}

void Chat::retry() {
  const auto message = conversation_.take_back();
  if (!message) throw Error(ErrorKind::kUsage, "/retry: no answer to try again");
  say(*message);
}

void Chat::undo() {
  if (!conversation_.undo()) throw Error(ErrorKind::kUsage, "/undo: nothing to take back");
  is_kept_ = false;
}

void Chat::begin() {
  conversation_.begin();
  is_kept_ = false;
}

void Chat::print_stats() const {
  std::cerr << "conversation: " << conversation_.n_tokens() << " tokens\n";
  if (conversation_.stats()) conversation_.stats()->print(std::cerr);
}

void Chat::keep_state() {
  if (options_.state.empty() || is_kept_) return;
  conversation_.save(options_.state);
  is_kept_ = true;
}

}  // namespace rwkv
