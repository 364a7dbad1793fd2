#include "score/options.h"

#include "common/command_line.h"
#include "common/vocabulary_path.h"
#include "kernels/targets.h"

namespace rwkv {
namespace {

using Target = ScoreOptions;
using Value = OptionValue;

const ToolText kTool{.name = "rwkv-score",
                     .summary = "say how likely a model finds texts or token ids",
                     .usage = R"(rwkv-score -m MODEL [options] < ids
rwkv-score -m MODEL -v VOCAB -f FILE | --text [options]
rwkv-score -m MODEL [-v VOCAB] --jsonl [options] < requests)",
                     .examples = R"(rwkv-score -m MODEL -v VOCAB -f text.txt --bos 0
rwkv-tokenize -v VOCAB < text.txt | rwkv-score -m MODEL --json
rwkv-score -m MODEL -v VOCAB -f text.txt --per-token | sort -k3g | head
rwkv-score -m MODEL --logits a.npy < ids
rwkv-score -m Q8 --against a.npy < ids
rwkv-score -m MODEL -v VOCAB --jsonl --json < questions.jsonl)",
                     .manual = R"(DESCRIPTION
Log-likelihood (natural logarithms) of token ids, or of a text, each token predicted from all tokens before it in one
continuous state. Nothing predicts the first token, so it is not scored, unless --bos or --state-in puts something before it.

JSON
Keys of --json: tokens (scored), nats, nats_per_token, perplexity; with -v bytes, bits_per_byte; with --against against: {rows, mean_kl
(old || new, nats), kl_error (its standard error, as if tokens were independent), kl_percentiles {"50", "90", "99", "99.9"},
top1_agreement, max_difference (of logits), mean_change and rms_change (of the probability of the token that follows: new - old),
perplexity_error (its standard error)}; with --per-token per_token: [{position, id, text (with -v), logprob}, ..].
--per-token --jsonl prints these, one a line.

REQUESTS
With --jsonl, but not --per-token, each line is a request and is answered by a line, in the same order; an answer does
not depend on the other requests. A text, {"id": any, "text": text (with -v) or "ids": [..], "per_token": false}, is answered with "id" and the keys of --json.
A multiple choice,

  {"id": any, "context": text or [ids], "choices": [text or [ids], ..], "answer": index of the right one},

reads its context once and is answered with

  {"id", "context_tokens", "choices": [{"logprob", "tokens", "logprob_per_token", "greedy", "bytes", "logprob_per_byte"}, ..],
   "best", "best_per_token", "best_per_byte", "answer"}:

greedy: each token was the likeliest. best* are the indices of the highest values; ties go to the lowest index. bytes are given for
choices that are text. Context and choice are tokenized together; white space at the end of the context belongs to the choice. The
first tokens, as many as the context alone has, are the context's. A context without tokens is id 0, unless --bos or --state-in is
given. A bad request is answered with {"id", "line", "error"}.

A summary goes to standard error, or with --json to standard output instead of the answers: requests, errors; for texts documents and
the keys above; for multiple choices questions, answered (those with "answer", to which the rest refers), accuracy,
accuracy_per_token, accuracy_per_byte (how often best* is the answer), greedy (how often the answer is greedy), answer_perplexity (exp
of the mean of -logprob of the answer).
)",
                     .simd_target = current_target};

constexpr std::string_view kIo = "input and output", kScoring = "scoring", kOther = "other";

const Option<Target> kInputOptions[] = {
    {{"file", 'f', "", "FILE", kFileType, kIo, "score the text of a file (-: standard input)", "", true},
     [](Target& o, const Value& v) { o.file = v.text(); }},
    {{"text", 0, "", "", kSwitchType, kIo, "standard input is text", "", true},
     [](Target& o, const Value& v) { o.text = v.on(); }},
    {{"jsonl", 0, "", "", kSwitchType, kIo, "a request a line in, an answer a line out",
      "With --per-token: ids in, an object a token out.", true},
     [](Target& o, const Value& v) { o.jsonl = v.on(); }},
};

const Option<Target> kScoringOptions[] = {
    {{"bos", 0, "", "ID", whole(0, UINT32_MAX), kScoring,
      "read this id first, so that the first id is scored too", "", true},
     [](Target& o, const Value& v) { o.bos = static_cast<TokenId>(v.whole()); }},
    {{"reset", 0, "", "N", whole(1), kScoring, "begin from a fresh state after every N ids", "", true},
     [](Target& o, const Value& v) { o.reset = v.whole(); }},
    {{"per-token", 0, "", "", kSwitchType, kScoring, "print each token: position, id, ln p, bytes",
      "Columns with tabs between; the bytes, escaped, with -v.", true},
     [](Target& o, const Value& v) { o.per_token = v.on(); }},
    {{"logits", 0, "", "OUT.npy", kFileType, kScoring, "write all logits: float32 [ids, vocabulary]", "",
      true},
     [](Target& o, const Value& v) { o.logits = v.text(); }},
    {{"against", 0, "", "OLD.npy", kFileType, kScoring, "compare with logits written before", "", true},
     [](Target& o, const Value& v) { o.against = v.text(); }},
};

const Option<Target> kOtherOptions[] = {
    {{"batch", 'b', "", "B", whole(1), kOther, "requests scored together (default 16)",
      "With --jsonl; also the number of choices in memory at once."},
     [](Target& o, const Value& v) { o.given_batch = v.whole(); }},
    {{"stats", 0, "", "", kSwitchType, kOther, "print the speed to standard error"},
     [](Target& o, const Value& v) { o.stats = v.on(); }},
};

void add_options(CommandLine& line, Target& o) {
  line.add(kModelOption, o);
  line.add(kVocabOption, o);
  line.add(kLoadOption, o);
  line.add(kGroupNormOption, o);
  line.add(kInputOptions, o);
  line.add(kIdsOption, o);
  line.add(kJsonOption, o);
  line.add(kScoringOptions, o);
  line.add(state_options().front(), o);
  line.add(kOtherOptions, o);
  line.add(kThreadsOption, o);
  line.add(kQuietOption, o);
}

void check_together(const Target& o) {
  if (o.text_in && o.id_format) usage_error("the input is either text or --ids");
  if (o.text_in && !o.vocabulary) usage_error("a text wants a vocabulary: -v VOCAB");
  if (o.per_token && o.json && o.jsonl) usage_error("--per-token has either --json or --jsonl");
  if (o.given_batch && !o.requests) usage_error("--batch is for --jsonl");
  if (o.requests && (o.text_in || o.id_format || o.reset > 0 || !o.logits.empty() || !o.against.empty()))
    usage_error("--jsonl takes texts and ids from its requests, and has no --reset, --logits or --against");
}

}  // namespace

std::optional<ScoreOptions> parse_score_options(int argc, const char* const* argv) {
  ScoreOptions o;
  CommandLine line(kTool);
  add_options(line, o);
  if (!line.parse(argc, argv)) return std::nullopt;
  o.model = model_path(o);
  o.vocabulary = vocabulary_path(o.vocab);
  o.text_in = o.text || o.file;
  o.ids = o.id_format.value_or(o.ids);
  o.requests = o.jsonl && !o.per_token;
  o.batch = o.given_batch.value_or(o.batch);
  o.threads = thread_count(o);
  check_together(o);
  return o;
}

}  // namespace rwkv
