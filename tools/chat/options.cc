#include "chat/options.h"

#include "chat/commands.h"
#include "common/command_line.h"
#include "common/row_names.h"
#include "common/sampling_options.h"
#include "common/vocabulary_path.h"
#include "kernels/targets.h"

namespace rwkv {
namespace {

using Target = ChatOptions;
using Value = OptionValue;

constexpr uint64_t kAnswerTokens = 4096;

// Static, since ToolText refers to it.
const std::string& manual() {
  static const std::string text = R"(DESCRIPTION
Each line is a message; the model's answer is written as it is drawn, on standard output, all else on standard error. On a terminal
lines are edited and remembered as in a shell (emacs' keys, Ctrl-R searches), a paste is one message, and Alt-Enter inserts a line
break; elsewhere lines are read as they come. A line that begins with / is a command; a space in front makes it a message.

The model remembers the conversation by its state, whose size is fixed: a turn costs what the turn is long, however much was said
before.

Thoughts of the model are dim on a terminal with colours, else they are between <think> and </think>. They are not remembered.

Ctrl-C ends the answer, which counts as far as it came, or drops the typed line. A second Ctrl-C ends the conversation, and so does
Ctrl-D. SIGTERM and SIGHUP end the answer and the conversation, and so does SIGINT where the input is no terminal.

An answer ends at id 0, where the model continues for the user ("\n\nUser:"), or where options say. It has the ids that rwkv-generate
and rwkv-serve draw behind the same ids with the same options and seed. With --seed every answer has this seed, and the k-th /retry
the seed + k; else each answer has a random one, which /stats prints.

With --state FILE the conversation continues from FILE if it exists, and is written there after each step. FILE is a state file that
also has the ids that were read and drawn: rwkv-generate --state-in takes it, and rwkv-inspect describes it.

COMMANDS
)" + commands_text();
  return text;
}

ToolText tool_text() {
  return {.name = "rwkv-chat",
          .summary = "talk with a model",
          .usage = "rwkv-chat -m MODEL -v VOCAB [options]",
          .examples = R"(rwkv-chat -m MODEL -v VOCAB
rwkv-chat -m MODEL -v VOCAB --system 'Answer in one sentence.' --preset chat
rwkv-chat -m G1 -v VOCAB --think short --state talk.state
echo 'What is an RNN?' | rwkv-chat -m MODEL -v VOCAB -n 200)",
          .manual = manual(),
          .simd_target = current_target};
}

std::vector<std::string> think_names() { return row_names(think_forms()); }

constexpr std::string_view kGroup = "conversation";

const Option<Target> kOptions[] = {
    {{"system", 0, "", "TEXT", kTextType, kGroup, "a text in front of the first message", "", true},
     [](Target& o, const Value& v) { o.system = v.text(); }},
    {{"think", 0, "", "HOW", name_of(think_names), kGroup, "no, short, normal or long, for models that think",
      "no puts an empty thought in front of the answer, short puts (think a bit) behind the message, normal "
      "(think), long (think a lot). Default: as the template has it.",
      true},
     [](Target& o, const Value& v) { o.think = v.text(); }},
    {{"state", 0, "", "FILE", kFileType, kGroup, "continue from this state if it exists, and keep it", "",
      true},
     [](Target& o, const Value& v) { o.state = v.text(); }},
};

}  // namespace

std::optional<ChatOptions> parse_chat_options(int argc, const char* const* argv) {
  ChatOptions options;
  options.continuation = default_continuation();
  options.continuation.max_tokens = kAnswerTokens;
  CommandLine line(tool_text());
  line.add(kModelOption, options);
  line.add(kVocabOption, options);
  line.add(kLoadOption, options);
  line.add(kGroupNormOption, options);
  line.add(kTemplateOption, options);
  line.add(kOptions, options);
  line.add(continuation_options(), options.continuation);
  line.add(draft_options(), options);
  line.add(kThreadsOption, options);
  line.add(kQuietOption, options);
  if (!line.parse(argc, argv)) return std::nullopt;
  options.model = model_path(options);
  options.threads = thread_count(options);
  options.vocabulary = required_vocabulary_path(options.vocab);
  options.has_seed = line.given("seed");
  if (options.continuation.n_log_probs > 0) usage_error("--logprobs is for rwkv-generate");
  return options;
}

}  // namespace rwkv
