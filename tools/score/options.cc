#include "score/options.h"

#include "common/tool.h"
#include "common/vocabulary_path.h"

namespace rwkv {
namespace {

namespace po = boost::program_options;

constexpr const char* kUsageText =
    R"(usage: rwkv-score -m MODEL [options] < ids
       rwkv-score -m MODEL -v VOCAB -f FILE [options]
       rwkv-score -m MODEL [-v VOCAB] --jsonl [options] < requests

Log-likelihood (natural logarithms) of token ids, or of a text, each token predicted from those before it in one
continuous state. The first is predicted from nothing and therefore left out, unless --bos or --state-in puts
something in front of it.

--json keys: tokens (scored), nats, nats_per_token, perplexity; with -v bytes, bits_per_byte; with --against
against: {rows, mean_kl (old || new, nats), top1_agreement, max_difference}; with --per-token per_token:
[{position, id, text (with -v), logprob}, ..]. --per-token --jsonl prints these, one a line.

--jsonl without --per-token: a request a line in, an answer a line out, in the same order, the same whatever is
scored together. A text, {"id": any, "text": text (with -v) or "ids": [..], "per_token": false}, is answered
with "id" and the keys of --json. A multiple choice,
  {"id": any, "context": text or [ids], "choices": [text or [ids], ..], "answer": index of the right one},
reads its context once and is answered with
  {"id", "context_tokens", "choices": [{"logprob", "tokens", "logprob_per_token", "greedy", "bytes",
  "logprob_per_byte"}, ..], "best", "best_per_token", "best_per_byte", "answer"}:
greedy says that each token was the likeliest; best are the indices of the highest figures, the lowest of equals;
the bytes are those of choices given as text. Context and choice are tokenized together, white space that ends the
context going to the choice; a choice's tokens are those behind as many as the context has alone. A context without
tokens is id 0, unless there is --bos or --state-in. A bad request is answered with {"id", "error"}.
The sum of all goes to standard error, or with --json to standard output, instead of the answers: requests, errors;
of texts documents and the keys above; of multiple choices questions, answered (those with "answer"; of these:),
accuracy, accuracy_per_token, accuracy_per_byte (how often best.. is the answer), greedy (how often the answer is),
answer_perplexity (exp of the mean of -logprob of the answer).
)";

// Options as they are spelled, before they have a meaning.
struct Raw {
  std::string model, vocab, ids;
  std::optional<int64_t> threads, reset, batch;
  bool text = false;
};

void add_options(CommandLine& line, Raw& raw, ScoreOptions& o) {
  auto add = line.add();
  add("model,m", value(raw.model, "FILE"), "the model (or RWKV_MODEL)");
  add("vocab,v", value(raw.vocab, "FILE"), "the vocabulary (or RWKV_VOCAB), for texts and bits/byte");
  add("file,f", optional_value(o.file, "FILE"), "score the text of a file (- is standard input)");
  add("text", po::bool_switch(&raw.text), "standard input is text");
  add("ids", value(raw.ids, "FORMAT"), "form of the ids: text (default), lines, json, u16, u32");
  add("bos", optional_value(o.bos, "ID"), "read this id in front, so that the first id is scored too");
  add("reset", optional_value(raw.reset, "N"), "begin from a fresh state after every N ids");
  add("state-in", value(o.state_in, "FILE"), "begin from a saved or a tuned initial state");
  add("per-token", po::bool_switch(&o.per_token),
      "print position, id, ln p and (with -v) the bytes, escaped, of every scored id, tab-separated");
  add("logits", value(o.logits, "OUT.npy"), "write all logits: float32 [ids, vocabulary]");
  add("against", value(o.against, "OLD.npy"), "compare with logits written before");
  add("jsonl", po::bool_switch(&o.jsonl), "requests in, answers out; with --per-token: an object a token");
  add("batch,b", optional_value(raw.batch, "B"),
      "with --jsonl: requests that are scored together, and choices at once in memory (default 16)");
  add("json", po::bool_switch(&o.json), "print one JSON object");
  add("group-norm-eps", optional_value(o.group_norm_eps, "X"),
      "instead of 64e-5 (rwkv.cpp has 1e-5 for RWKV-5)");
  add("threads,t", optional_value(raw.threads, "N"), "threads (or RWKV_THREADS; default: every core)");
  add("stats", po::bool_switch(&o.stats), "tell the speed on standard error");
  add("quiet,q", po::bool_switch(&o.quiet), "no progress, nor figures on standard error");
}

size_t at_least_1(const std::optional<int64_t>& given, const char* option, size_t otherwise) {
  if (given && *given < 1)
    usage_error(std::string("--") + option + " is " + std::to_string(*given) + ", want at least 1");
  return given ? static_cast<size_t>(*given) : otherwise;
}

void check_together(const Raw& raw, const ScoreOptions& o) {
  if (o.text_in && !raw.ids.empty()) usage_error("the input is either text or --ids");
  if (o.text_in && !o.vocab) usage_error("a text wants a vocabulary: -v VOCAB");
  if (o.per_token && o.json && o.jsonl) usage_error("--per-token has either --json or --jsonl");
  if (raw.batch && !o.requests) usage_error("--batch is for --jsonl");
  if (o.requests && (o.text_in || !raw.ids.empty() || raw.reset || !o.logits.empty() || !o.against.empty()))
    usage_error("--jsonl takes texts and ids from its requests, and has no --reset, --logits or --against");
}

}  // namespace

std::optional<ScoreOptions> parse_score_options(int argc, const char* const* argv) {
  ScoreOptions o;
  Raw raw;
  CommandLine line("rwkv-score", kUsageText);
  add_options(line, raw, o);
  if (!line.parse(argc, argv)) return std::nullopt;

  const auto model = option_or_environment(raw.model, "RWKV_MODEL");
  if (!model) usage_error("no model: give -m MODEL or set RWKV_MODEL");
  o.model = *model;
  o.vocab = vocabulary_path(raw.vocab);
  o.text_in = raw.text || o.file;
  if (!raw.ids.empty()) o.ids = id_format_from_name(raw.ids);
  o.requests = o.jsonl && !o.per_token;
  o.reset = at_least_1(raw.reset, "reset", 0);
  o.batch = at_least_1(raw.batch, "batch", o.batch);
  at_least_1(raw.threads, "threads", 0);
  o.threads = thread_count(raw.threads ? std::optional<size_t>(*raw.threads) : std::nullopt);
  check_together(raw, o);
  return o;
}

}  // namespace rwkv
