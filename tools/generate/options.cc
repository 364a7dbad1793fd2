#include "generate/options.h"

#include <algorithm>

#include "common/command_line.h"
#include "common/constraint_options.h"
#include "common/sampling_options.h"
#include "common/tool.h"
#include "common/vocabulary_path.h"
#include "core/error.h"
#include "kernels/targets.h"
#include "text/escape.h"

namespace rwkv {
namespace {

using Target = GenerateOptions;
using Value = OptionValue;

const ToolText kTool{.name = "rwkv-generate",
                     .summary = "continue texts or sequences of token ids",
                     .usage = R"(rwkv-generate -m MODEL [options] < ids
rwkv-generate -m MODEL -v VOCAB -p TEXT | -f FILE | --text [options]
rwkv-generate -m MODEL [-v VOCAB] --jsonl [-b B] [options] < requests)",
                     .examples = R"(rwkv-generate -m MODEL -v VOCAB -p 'Once upon a time' -n 200
rwkv-generate -m MODEL -v VOCAB -e -p 'Q: Why?\n\nA:' --stop '\n\n' -n 99
rwkv-tokenize -v VOCAB < in.txt | rwkv-generate -m MODEL -n 0 --state-out s
rwkv-generate -m MODEL -v VOCAB --state-in s -f question.txt
rwkv-generate -m MODEL -v VOCAB --jsonl -b 16 < requests.jsonl)",
                     .manual = R"(DESCRIPTION
Reads token ids from standard input and writes new ones, each as it is drawn. What goes in and out:

  no -v, or -v alone                     ids in, ids out
  -v VOCAB with -p, -f or --text         text in, text out
  -v VOCAB --decode                      ids in, text out
  also with --ids FORMAT                 ids again

A prompt given by -p or -f is the whole prompt: standard input is not read, unless -f -, --lines or --null asks for it; -p then comes
first. An empty prompt without a state begins with id 0.

Ids are drawn after penalties, --bias, softmax, --top-k, --top-p, --min-p and --temp, in this order. Ids beyond the vocabulary are
never drawn. The same seed, options and prompt give the same ids on every machine and in any batch.

With --lines or --null each line, or text that ends in a NUL, of -f or standard input is a prompt of its own, after the text of -p if
there is one; continuations are written as such records, in the same order. With --fork K each prompt has K continuations. A record
equals the output of a run with that prompt and seed alone.

CONSTRAINTS
With --grammar, --json-schema or --regex only ids are drawn with which the text can still become one of the language, and id 0 only
where it is one. -n and --stop may cut it; --stats then says "incomplete". It begins behind the last id of the prompt, is saved
in a state, and goes on when that is continued with the same constraint and no new ids. The languages: docs/constraints.md.

LOG-PROBABILITIES
--logprobs K writes a line of JSON for each token drawn: {"record": counted from 0, with --lines, --null and --fork, "id": .., "text":
with -v, "logprob": natural logarithm of the model's own probability, "top": the K likeliest ids, [{"id", "text", "logprob"}, ..]}.

REQUESTS
With --jsonl each line is a request, a JSON object with "ids": [..] or "prompt": text (with -v), and any of "id" (returned byte
for byte) and the keys named at the options above; the command line gives the defaults. The answer is a line as well:

  {"id": .., "ids": [..], "text": with -v, "stop": "length", "eos" or "stop", "complete": under a constraint true or false,
  "prompt_tokens": .., "tokens": .., "logprobs": [as above]}

or {"id": .., "line": number of the request's line, "error": ..}. Text that is not UTF-8 is "text_base64". Answers come in the
order of the requests, and depend neither on the order nor on -b. A request that uses a state file waits for earlier requests that
write this file. On SIGINT or SIGTERM each request in progress is answered with "error": "interrupted" and the text so far.
)",
                     .simd_target = current_target};

constexpr std::string_view kIo = "input and output", kOther = "other";

const Option<Target> kInputOptions[] = {
    {{"prompt", 'p', "", "TEXT", kTextType, kIo, "begin with this text", "", true},
     [](Target& o, const Value& v) { o.prompt = v.text(); }},
    {{"escapes", 'e', "", "", kSwitchType, kIo, "read \\n, \\t, \\\\ and \\xHH in -p and --stop as escapes",
      "", true},
     [](Target& o, const Value& v) { o.escapes = v.on(); }},
    {{"file", 'f', "", "FILE", kFileType, kIo, "begin with the text of a file (-: standard input)", "", true},
     [](Target& o, const Value& v) { o.prompt_file = v.text(); }},
    {{"text", 0, "", "", kSwitchType, kIo, "standard input and output are text", "", true},
     [](Target& o, const Value& v) { o.text = v.on(); }},
    {{"decode", 0, "", "", kSwitchType, kIo, "write text instead of ids"},
     [](Target& o, const Value& v) { o.decode = v.on(); }},
    {{"lines", 'l', "", "", kSwitchType, kIo, "every line is a prompt of its own"},
     [](Target& o, const Value& v) { o.lines = v.on(); }},
    {{"null", '0', "", "", kSwitchType, kIo, "every text that ends in a NUL is a prompt of its own"},
     [](Target& o, const Value& v) { o.null = v.on(); }},
    {{"jsonl", 0, "", "", kSwitchType, kIo, "a request a line in, an answer a line out", "", true},
     [](Target& o, const Value& v) { o.jsonl = v.on(); }},
    {{"echo", 0, "", "", kSwitchType, kIo, "write the prompt, too"},
     [](Target& o, const Value& v) { o.echo = v.on(); }},
};

const Option<Target> kOtherOptions[] = {
    {{"fork", 0, "", "K", whole(1), kOther, "K continuations, a line each, in order",
      "The k-th, counted from 0, has the seed + k."},
     [](Target& o, const Value& v) { o.fork = v.whole(); }},
    {{"batch", 'b', "", "B", whole(1), kOther, "decode up to B together (default 16)",
      "Records, forks or requests."},
     [](Target& o, const Value& v) { o.batch = v.whole(); }},
    {{"cache", 0, "", "DIR", kFileType, kOther, "keep states of prompts here, and start from them",
      "Of a prompt that begins like an earlier one only the rest is read. The output is the same. DIR grows "
      "to 1 GiB; the least recently used states are removed first."},
     [](Target& o, const Value& v) { o.cache = v.text(); }},
    {{"stats", 0, "", "", kSwitchType, kOther, "print speeds, the seed and drafts to standard error"},
     [](Target& o, const Value& v) { o.stats = v.on(); }},
};

void add_options(CommandLine& line, Target& o) {
  line.add(kModelOption, o);
  line.add(kVocabOption, o);
  line.add(kLoadOption, o);
  line.add(kGroupNormOption, o);
  line.add(kInputOptions, o);
  line.add(kIdsOption, o);
  line.add(continuation_options(), o.continuation);
  line.add(constraint_options(), o.continuation);
  line.add(state_options(), o);
  line.add(draft_options(), o);
  line.add(kOtherOptions, o);
  line.add(kThreadsOption, o);
  line.add(kQuietOption, o);
}

void unescape(Target& o) {
  try {
    if (o.prompt) o.prompt = unescape_bytes(*o.prompt);
    for (auto& text : o.continuation.stop_texts) text = unescape_bytes(text);
  } catch (const Error& e) {
    usage_error(e.what());
  }
}

// What looks like an escape may be meant as one.
void hint_at_escapes(const Target& o) {
  const auto has_escape = [](const std::string& text) { return text.find("\\n") != std::string::npos; };
  const bool in_prompt = o.prompt && has_escape(*o.prompt);
  if (in_prompt || std::ranges::any_of(o.continuation.stop_texts, has_escape))
    tell(std::string(in_prompt ? "-p" : "--stop") + " has a backslash and an n; -e makes that a line break");
}

void resolve_text(Target& o) {
  o.vocabulary = vocabulary_path(o.vocab);
  const bool takes_text = o.prompt || o.prompt_file || o.text;
  o.text_in = takes_text && (!o.id_format || o.text);
  o.text_out = o.decode || (takes_text && !o.id_format);
  o.ids = o.id_format.value_or(o.ids);
  const bool wants_vocab =
      takes_text || o.decode || !o.continuation.stop_texts.empty() || o.continuation.constraint.has_value();
  // RWKV_VOCAB may be another model's: it counts only where it is used.
  const bool counts = o.continuation.sampler.frequency != 0 && !o.continuation.penalize_all;
  if (o.vocab.empty() && !wants_vocab && !counts && !o.jsonl) o.vocabulary.reset();
  if (wants_vocab && !o.vocabulary)
    usage_error("text in or out, --stop or a grammar wants a vocabulary: -v VOCAB");
}

void refuse_combinations(const Target& o) {
  if (o.lines && o.null) usage_error("--lines and --null exclude each other");
  if ((o.fork > 1 || o.has_records()) && !o.state_out.empty()) {
    usage_error("--fork, --lines and --null end in many states, --state-out saves one");
  }
  if (o.continuation.n_log_probs > 0 && (o.echo || o.decode)) {
    usage_error("--logprobs excludes --echo and --decode");
  }
  if (o.jsonl && (o.fork > 1 || o.has_records() || o.echo || !o.state_out.empty() || o.prompt ||
                  o.prompt_file || o.text)) {
    usage_error("--jsonl takes prompt, state_out and the like from its requests");
  }
}

}  // namespace

std::optional<GenerateOptions> parse_generate_options(int argc, const char* const* argv) {
  GenerateOptions options;
  options.continuation = default_continuation();
  CommandLine line(kTool);
  add_options(line, options);
  if (!line.parse(argc, argv)) return std::nullopt;
  options.model = model_path(options);
  options.threads = thread_count(options);
  if (options.escapes) {
    unescape(options);
  } else if (!options.quiet) {
    hint_at_escapes(options);
  }
  resolve_text(options);
  refuse_combinations(options);
  return options;
}

}  // namespace rwkv
