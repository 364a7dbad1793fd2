#include "generate/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

#include "common/tool.h"
#include "common/vocabulary_path.h"
#include "core/error.h"

namespace rwkv {
namespace {

namespace po = boost::program_options;

constexpr const char* kUsageText = R"(usage: rwkv-generate -m MODEL [options] < ids

Continues a sequence of token ids: reads them on standard input, writes new ones, each as it is drawn.
With -v, and one of -p, -f and --text, it takes and gives text; --ids then makes input and output ids again.
-p together with input that is not a terminal: -p first. An empty prompt begins from id 0.
The same seed, options and prompt give the same ids on every machine, whatever is decoded together.

Sampling, in this order: penalties, --bias, softmax, --top-k, --top-p, --min-p, --temp. With a vocabulary
digits and spaces count nothing for --frequency, as in RWKV's own samplers, and ids beyond it are never drawn.
--preset NAME stands for these, and no other penalty; options that are given win:
  chat      --temp 1 --top-p 0.3 --presence 0.5 --frequency 0.5
  creative  --temp 1.2 --top-p 0.7 --presence 0.25 --frequency 0.25
  exact     --temp 1 --top-p 0.1
  greedy    --temp 0

A stop text may begin and end inside tokens; it is not written, but what is in front of it is. A saved state
stands after the last id written, of which the token that a stop text begins in is none.

With --lines or --null each line, or text that ends in a NUL, of -f or standard input is a prompt of its own,
behind -p if there is one, and its continuation is written as such a record, in the same order. With --fork K
each has K of them. A record is what a run of its own with that prompt and seed writes.

--logprobs K writes a line for each token drawn: {"record": from 0 on, with --lines, --null and --fork,
"id": .., "text": with -v, "logprob": natural logarithm, by the model alone, "top": the K most likely ones,
[{"id", "text", "logprob"}, ..]}.

--jsonl, a request: {"id": any, "ids": [..] or "prompt": text, "n": 64, "temp": 1, "top_k": 0, "top_p": 0.5,
"min_p": 0, "presence": 0, "frequency": 0, "penalty_decay": 0.996, "penalize_all": false, "bias": {"261": -1.5,
"0": "-inf"}, "seed": 1, "stop": [text, ..], "stop_ids": [..], "ignore_eos": false, "state_in": file,
"state_out": file, "logprobs": 0}; what it leaves out the command line gives.
Its answer: {"id": .., "ids": [..], "text": with -v, "stop": "length", "eos" or "stop", "prompt_tokens": ..,
"tokens": .., "logprobs": [as above]}, or {"id": .., "error": ..}. Text that is not UTF-8 is "text_base64".
Answers come in the order of the requests, and depend neither on it nor on -b. A request waits for those before
it that write a state file which it reads or writes. SIGINT and SIGTERM end what was begun: it is answered with
the error "interrupted" and, beside it, what there is of the answer.
)";

// The values follow the usual examples of RWKV samplers. Without a name: what holds when none is given.
struct Preset {
  std::string_view name;
  SamplerOptions options;
};
const std::array<Preset, 5> kPresets = {{
    {"", {.temperature = 1, .top_p = 0.5}},
    {"chat", {.temperature = 1, .top_p = 0.3, .presence = 0.5, .frequency = 0.5}},
    {"creative", {.temperature = 1.2, .top_p = 0.7, .presence = 0.25, .frequency = 0.25}},
    {"exact", {.temperature = 1, .top_p = 0.1}},
    {"greedy", {.temperature = 0}},
}};

// Options as they are spelled, before they have a meaning.
struct Raw {
  std::string model, vocab, ids, preset, load = "map";
  std::optional<std::string> prompt, prompt_file;
  int64_t n = 256;
  int64_t fork = 1, batch = 16, log_probs = 0;
  std::optional<int64_t> threads;
  std::optional<uint64_t> seed;
  size_t top_k = 0;
  std::optional<double> temperature, top_p, min_p, presence, frequency, penalty_decay;
  std::vector<std::string> bias;
  bool greedy = false, text = false, decode = false, ignore_eos = false;
};

void add_input_options(CommandLine& line, Raw& raw, GenerateOptions& o) {
  auto add = line.add();
  add("model,m", value(raw.model, "FILE"), "the model (or RWKV_MODEL)");
  add("vocab,v", value(raw.vocab, "FILE"), "the vocabulary (or RWKV_VOCAB)");
  add("prompt,p", optional_value(raw.prompt, "TEXT"), "begin with this text");
  add("file,f", optional_value(raw.prompt_file, "FILE"),
      "begin with the text of a file (- is standard input)");
  add("text", po::bool_switch(&raw.text), "standard input and output are text");
  add("decode", po::bool_switch(&raw.decode), "write text instead of ids");
  add("lines,l", po::bool_switch(&o.lines), "every line is a prompt of its own");
  add("null,0", po::bool_switch(&o.null), "every text that ends in a NUL is a prompt of its own");
  add("ids", value(raw.ids, "FORMAT"), "form of ids: text (default), lines, json, u16, u32");
  add("echo", po::bool_switch(&o.echo), "write the prompt too");
  add("state-in", value(o.state_in, "FILE"), "go on from a saved state, or from a tuned initial state");
  add("state-out", value(o.state_out, "FILE"),
      "save the state that stands after the last id read or written");
}

void add_sampling_options(CommandLine& line, Raw& raw, ContinuationOptions& c) {
  auto add = line.add();
  add("preset", value(raw.preset, "NAME"), "chat, creative, exact or greedy: see above");
  add("temp", optional_value(raw.temperature, "X"), "temperature (default 1; 0: greedy)");
  add("top-k", value(raw.top_k, "K"), "draw from the K most likely ids (default 0: all)");
  add("top-p", optional_value(raw.top_p, "P"),
      "draw from the most likely ids that make up P, cut before the temperature "
      "is applied (default 0.5; 1: all; 0: greedy)");
  add("min-p", optional_value(raw.min_p, "P"),
      "draw from ids at least P times as likely as the likeliest (default 0)");
  add("presence", optional_value(raw.presence, "X"), "subtract X from the logits of ids drawn before");
  add("frequency", optional_value(raw.frequency, "X"), "subtract X for each time an id was drawn before");
  add("penalty-decay", optional_value(raw.penalty_decay, "X"),
      "factor on those counts, an id (default 0.996)");
  add("penalize-all", po::bool_switch(&c.penalize_all), "with a vocabulary: digits and spaces count too");
  add("bias", value(raw.bias, "ID:X"), "add X to an id's logit; -inf forbids it (repeatable)");
  add("seed", optional_value(raw.seed, "N"),
      "of the random sequence (default: a random one, told by --stats)");
  add("greedy", po::bool_switch(&raw.greedy), "always take the likeliest id");
  add("stop-id", value(c.stop_ids, "ID"), "end before this id (repeatable)");
  add("stop", value(c.stop_texts, "TEXT"), "end before this text (with -v; repeatable)");
  add("ignore-eos", po::bool_switch(&raw.ignore_eos), "id 0 is an id like others");
  add("logprobs", value(raw.log_probs, "K"),
      "write tokens with their log-probability and the K most likely ones: see above");
}

void add_running_options(CommandLine& line, Raw& raw, GenerateOptions& o) {
  auto add = line.add();
  add("tokens,n", value(raw.n, "N"), "how many ids at most (default 256; -1: no limit; 0: only read)");
  add("fork", value(raw.fork, "K"),
      "K continuations, a line each, in order; the k-th, from 0, has the seed + k");
  add("jsonl", po::bool_switch(&o.jsonl), "a request a line in, an answer a line out");
  add("batch,b", value(raw.batch, "B"), "decode up to B records, forks or requests together (default 16)");
  add("load", value(raw.load, "HOW"),
      "map: use the weights where the file is mapped (default); copy: in huge pages");
  add("group-norm-eps", optional_value(o.group_norm_eps, "X"),
      "epsilon of the group norm, 64e-5 unless given (rwkv.cpp runs RWKV-5 with 1e-5)");
  add("threads,t", optional_value(raw.threads, "N"), "threads (or RWKV_THREADS; default: every core)");
  add("stats", po::bool_switch(&o.stats), "tell speeds and the seed on standard error");
  add("quiet,q", po::bool_switch(&o.quiet), "no progress");
}

uint64_t count_of(int64_t given, const char* option) {
  if (given < 1)
    usage_error(std::string("--") + option + " is " + std::to_string(given) + ", want at least 1");
  return static_cast<uint64_t>(given);
}

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// The preset's options, and over them those that are given.
void resolve_preset(const Raw& raw, SamplerOptions& s) {
  const auto preset = std::ranges::find(kPresets, raw.preset, &Preset::name);
  if (preset == kPresets.end()) {
    usage_error("--preset is '" + raw.preset + "', want chat, creative, exact or greedy");
  }
  s = preset->options;
  s.top_k = raw.top_k;
  s.temperature = raw.temperature.value_or(s.temperature);
  s.top_p = raw.top_p.value_or(s.top_p);
  s.min_p = raw.min_p.value_or(s.min_p);
  s.presence = raw.presence.value_or(s.presence);
  s.frequency = raw.frequency.value_or(s.frequency);
  s.penalty_decay = raw.penalty_decay.value_or(s.penalty_decay);
}

void resolve_sampling(const Raw& raw, ContinuationOptions& c) {
  resolve_preset(raw, c.sampler);
  if (raw.log_probs < 0 || raw.log_probs > static_cast<int64_t>(kMaxLogProbs)) {
    usage_error("--logprobs is " + std::to_string(raw.log_probs) + ", want 0 to " +
                std::to_string(kMaxLogProbs));
  }
  c.n_log_probs = static_cast<size_t>(raw.log_probs);
  if (raw.n < -1) usage_error("-n is " + std::to_string(raw.n) + ", want 0 or more, or -1 for no limit");
  c.max_tokens = raw.n < 0 ? kUnlimited : static_cast<uint64_t>(raw.n);
  c.stop_at_end_of_text = !raw.ignore_eos;
  c.sampler.seed = raw.seed ? *raw.seed : random_seed();
  if (raw.greedy) c.sampler.temperature = 0;
  for (const auto& text : raw.bias) c.sampler.bias.push_back(parse_bias(text));
}

void resolve_text(const Raw& raw, GenerateOptions& o) {
  o.prompt = raw.prompt;
  o.prompt_file = raw.prompt_file;
  o.vocab = vocabulary_path(raw.vocab);
  const bool takes_text = raw.prompt || raw.prompt_file || raw.text;
  o.text_in = takes_text && (raw.ids.empty() || raw.text);
  o.text_out = raw.decode || (takes_text && raw.ids.empty());
  if (!raw.ids.empty()) o.ids = id_format_from_name(raw.ids);
  const bool wants_vocab = takes_text || raw.decode || !o.continuation.stop_texts.empty();
  // RWKV_VOCAB may be another model's: it counts only where it is used.
  const bool counts = o.continuation.sampler.frequency != 0 && !o.continuation.penalize_all;
  if (raw.vocab.empty() && !wants_vocab && !counts && !o.jsonl) o.vocab.reset();
  if (wants_vocab && !o.vocab) usage_error("text in or out, or --stop, wants a vocabulary: -v VOCAB");
}

void resolve(const Raw& raw, GenerateOptions& o) {
  const auto model = option_or_environment(raw.model, "RWKV_MODEL");
  if (!model) usage_error("no model: give -m MODEL or set RWKV_MODEL");
  o.model = *model;
  if (raw.load != "map" && raw.load != "copy") usage_error("--load is '" + raw.load + "', want map or copy");
  o.access = raw.load == "copy" ? FileAccess::kCopy : FileAccess::kMap;
  if (raw.threads) count_of(*raw.threads, "threads");
  o.threads = thread_count(raw.threads ? std::optional<size_t>(*raw.threads) : std::nullopt);
  o.fork = count_of(raw.fork, "fork");
  o.batch = count_of(raw.batch, "batch");
}

void refuse_combinations(const Raw& raw, const GenerateOptions& o) {
  if (o.lines && o.null) usage_error("--lines and --null exclude each other");
  if ((o.fork > 1 || o.has_records()) && !o.state_out.empty()) {
    usage_error("--fork, --lines and --null end in many states, --state-out saves one");
  }
  if (o.continuation.n_log_probs > 0 && (o.echo || raw.decode)) {
    usage_error("--logprobs tells of tokens drawn: no --echo, no --decode");
  }
  if (o.jsonl && (o.fork > 1 || o.has_records() || o.echo || !o.state_out.empty() || raw.prompt ||
                  raw.prompt_file || raw.text)) {
    usage_error("--jsonl takes prompt, state_out and the like from its requests");
  }
}

}  // namespace

std::pair<TokenId, float> parse_bias(const std::string& text) {
  const size_t colon = text.find(':');
  const char *begin = text.data(), *end = begin + text.size();
  std::pair<TokenId, float> bias{0, 0.F};
  if (colon != std::string::npos) {
    const char* number = begin + colon + 1;
    const auto id = std::from_chars(begin, begin + colon, bias.first);
    if (number < end && *number == '+') ++number;
    const auto x = std::from_chars(number, end, bias.second);
    if (id.ec == std::errc() && id.ptr == begin + colon && x.ec == std::errc() && x.ptr == end) return bias;
  }
  usage_error("--bias is '" + text + "', want ID:NUMBER or ID:-inf");
}

std::optional<GenerateOptions> parse_generate_options(int argc, const char* const* argv) {
  GenerateOptions options;
  Raw raw;
  CommandLine line("rwkv-generate", kUsageText);
  add_input_options(line, raw, options);
  add_sampling_options(line, raw, options.continuation);
  add_running_options(line, raw, options);
  if (!line.parse(argc, argv)) return std::nullopt;
  resolve_sampling(raw, options.continuation);
  resolve_text(raw, options);
  resolve(raw, options);
  refuse_combinations(raw, options);
  return options;
}

}  // namespace rwkv
