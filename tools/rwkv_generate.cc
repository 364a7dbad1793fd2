// rwkv-generate: continues sequences of token ids.
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "common/constraint_options.h"
#include "common/fd_buffer.h"
#include "common/load_model.h"
#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "generate/jsonl_source.h"
#include "generate/options.h"
#include "generate/prompt_reader.h"
#include "generate/record_source.h"
#include "generate/stats.h"
#include "generate/token_output.h"
#include "generate/vocabulary.h"
#include "session/prefix_cache.h"
#include "session/state_file.h"

namespace {

using namespace rwkv;

// The estimated number of prompt tokens, from the share of standard input read so far, if it is a file; 0:
// unknown.
uint64_t expected_tokens(uint64_t n_so_far) {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  const off_t position = ::lseek(STDIN_FILENO, 0, SEEK_CUR);
  if (position <= 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(n_so_far) * static_cast<double>(status.st_size) /
                               static_cast<double>(position));
}

// Reads the prompt into the sequence; echoes it with --echo. Appends it to `text`, unless null.
void read_into(Sequence& sequence, const GenerateOptions& options, const Tokenizer* tokenizer, Runner& runner,
               TokenOutput& echo, std::vector<TokenId>* text) {
  Progress progress("prompt", "tokens", options.quiet);
  const uint64_t n_before = sequence.n_tokens;
  uint64_t n_come = 0;
  read_prompt(options, tokenizer, runner.model().info().n_vocab, [&](std::span<const TokenId> tokens) {
    n_come += tokens.size();
    if (text != nullptr) text->insert(text->end(), tokens.begin(), tokens.end());
    for (; !tokens.empty() && !stop_requested();
         tokens = tokens.subspan(std::min(tokens.size(), kRowsOfPass))) {
      const auto part = tokens.first(std::min(tokens.size(), kRowsOfPass));
      runner.read(sequence, part);
      if (options.echo) echo.write(part);
      progress.update(sequence.n_tokens - n_before, expected_tokens(n_come));
    }
  });
}

// `prompt` is what is known of the sequence's text; `speculation` may be null.
Sequence run_one(Sequence sequence, std::span<const TokenId> prompt, const GenerateOptions& options,
                 Runner& runner, Speculation* speculation, TokenOutput& output, GenerateStats& stats) {
  Progress progress("generation", "tokens", options.quiet || ::isatty(STDOUT_FILENO) == 1);
  const uint64_t max_tokens = options.continuation.max_tokens;
  const auto memory = speculation != nullptr ? speculation->follow(sequence, prompt) : nullptr;
  Continuation continuation(std::move(sequence), options.continuation);
  for (uint64_t n = 0; continuation.stopped() == StopReason::kNone && await_output(STDOUT_FILENO);) {
    const size_t n_drawn = draw_next(continuation, memory.get(), speculation, runner);
    stats.count_pass(0, n_drawn, 1);
    output.write(continuation);
    n += n_drawn;
    progress.update(n, max_tokens == kUnlimited ? 0 : max_tokens);
  }
  stats.end(stop_requested() ? "signal" : stop_name(continuation.stopped()), continuation.is_complete());
  continuation.release_held();
  output.write(continuation);
  return std::move(continuation.sequence());
}

// The same with a cache, which needs the whole prompt.
Sequence read_cached(PrefixCache& cache, const GenerateOptions& options, const Tokenizer* tokenizer,
                     Runner& runner, TokenOutput& echo, std::vector<TokenId>& prompt) {
  read_prompt(options, tokenizer, runner.model().info().n_vocab, [&](std::span<const TokenId> tokens) {
    prompt.insert(prompt.end(), tokens.begin(), tokens.end());
  });
  if (options.echo) echo.write(prompt);
  return read_through(cache, runner, prompt);
}

void run_plain(const GenerateOptions& options, const Tokenizer* tokenizer, Runner& runner, PrefixCache* cache,
               Speculation* speculation, GenerateStats& stats) {
  const Model& model = runner.model();
  TokenOutput output(std::cout, options, tokenizer);
  Sequence sequence =
      options.state_in.empty() ? runner.new_sequence() : load_state(options.state_in, model, stop_requested);
  const auto n_in_state = [&] { return sequence.n_tokens - (sequence.pending ? 1 : 0); };
  const uint64_t n_before = sequence.n_tokens, n_in_state_before = n_in_state();
  std::vector<TokenId> prompt;  // only for drafts and the cache: it may be longer than memory
  if (cache != nullptr && options.state_in.empty()) {
    sequence = read_cached(*cache, options, tokenizer, runner, output, prompt);
  } else {
    read_into(sequence, options, tokenizer, runner, output, speculation != nullptr ? &prompt : nullptr);
  }
  stats.count_pass(sequence.n_tokens - n_before, 0, 0);
  stats.end_prompt(n_in_state() - n_in_state_before);
  sequence = run_one(std::move(sequence), prompt, options, runner, speculation, output, stats);
  if (options.echo || options.continuation.max_tokens > 0) output.finish();
  if (!options.state_out.empty()) save_state(options.state_out, sequence, model);
  if (options.stats) stats.print(std::cerr);
}

int run_with(PrefixCache* cache, Speculation* speculation, const GenerateOptions& options,
             const Tokenizer* tokenizer, Runner& runner) {
  GenerateStats stats(runner.model().file(), options.continuation.sampler.seed, speculation);
  if (options.jsonl) {
    JsonlSource source(options, tokenizer, runner);
    return run_batch(source, options, runner, cache, speculation, stats);
  }
  if (options.has_records() || options.fork > 1) {
    RecordSource source(options, tokenizer, runner, stats);
    return run_batch(source, options, runner, cache, speculation, stats);
  }
  run_plain(options, tokenizer, runner, cache, speculation, stats);
  return kSuccess;
}

int run(GenerateOptions options) {
  apply_target_environment();
  if (!options.state_out.empty()) check_output(options.state_out);
  const Model model = load_model(
      "rwkv-generate", options.model,
      {.access = options.access, .group_norm_eps = options.group_norm_eps, .n_threads = options.threads});
  if (options.stats) print_made_at_load(std::cerr, model);
  const size_t n_vocab = model.info().n_vocab;
  check_ids(options.continuation, n_vocab);
  std::unique_ptr<const Tokenizer> tokenizer;
  if (options.vocabulary)
    tokenizer = load_vocabulary("rwkv-generate", *options.vocabulary, model, options.continuation);
  bind_constraint(options.continuation);
  options.continuation.keep_end = !options.state_out.empty() || (options.jsonl && !options.cache.empty());
  Draft draft("rwkv-generate", options, model,
              {.n_threads = options.threads, .access = options.access, .quiet = options.quiet});
  Runner runner(model, options.threads, stop_requested);
  if (options.cache.empty()) return run_with(nullptr, draft.speculation(), options, tokenizer.get(), runner);
  PrefixCache cache(model, {.folder = std::filesystem::path(options.cache) / "prefixes"});
  const int code = run_with(&cache, draft.speculation(), options, tokenizer.get(), runner);
  cache.write_back();
  for (const std::string& warning : cache.take_warnings()) std::cerr << "rwkv-generate: " << warning << '\n';
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-generate", [&] {
    auto options = parse_generate_options(argc, argv);
    return options ? run(std::move(*options)) : kSuccess;
  });
}
