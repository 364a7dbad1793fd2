// rwkv-generate: continues sequences of token ids.
#include <iostream>
#include <sstream>

#include "core/error.h"
#include "generate_options.h"
#include "generate_stats.h"
#include "jsonl_batch.h"
#include "model/state_file.h"
#include "prompt_reader.h"
#include "token_output.h"
#include "tool.h"

namespace {

using namespace rwkv;

TokenOutput output_to(std::ostream& out, const GenerateOptions& options, const Tokenizer* tokenizer) {
  if (options.text_out) return {out, *tokenizer};
  return {out, options.ids};
}

// Reads the prompt into the sequence, and echoes it if asked to.
void read_into(Sequence& sequence, const GenerateOptions& options, const Tokenizer* tokenizer,
               Generator& generator, TokenOutput& echo) {
  read_prompt(options, tokenizer, generator.model().info().n_vocab, [&](std::span<const TokenId> tokens) {
    const uint64_t n_before = sequence.n_tokens;
    generator.read(sequence, tokens);
    if (options.echo) echo.write(tokens.first(sequence.n_tokens - n_before));
  });
}

Sequence run_one(Sequence sequence, const GenerateOptions& options, Generator& generator, TokenOutput& output,
                 GenerateStats& stats) {
  Continuation continuation(std::move(sequence), options.continuation);
  Continuation* const one[] = {&continuation};
  while (continuation.stopped() == StopReason::kNone && !stop_requested()) {
    draw_for_each(one, generator);
    stats.count_pass(1);
    output.write(continuation);
  }
  continuation.release_held();
  output.write(continuation);
  return std::move(continuation.sequence());
}

// Several continuations of one prompt, decoded together. Each line is written when it and those before it are
// done.
void run_fork(const Sequence& sequence, const GenerateOptions& options, const Tokenizer* tokenizer,
              Generator& generator, GenerateStats& stats) {
  std::vector<Continuation> forks;
  for (uint64_t k = 0; k < options.fork; ++k) {
    ContinuationOptions fork_options = options.continuation;
    fork_options.sampler.seed += k;
    forks.emplace_back(sequence, std::move(fork_options));
  }
  size_t n_written = 0;
  for (;;) {
    std::vector<Continuation*> live;
    for (auto& fork : forks) {
      if (fork.stopped() == StopReason::kNone && !stop_requested()) live.push_back(&fork);
    }
    for (; n_written < forks.size() && (live.empty() || &forks[n_written] < live.front()); ++n_written) {
      TokenOutput output = output_to(std::cout, options, tokenizer);
      forks[n_written].release_held();
      output.write(forks[n_written]);
      output.finish();
      if (options.text_out) std::cout << std::endl;
    }
    if (live.empty()) return;
    draw_for_each(live, generator);
    stats.count_pass(live.size());
  }
}

void run_plain(const GenerateOptions& options, const Tokenizer* tokenizer, Generator& generator) {
  const Model& model = generator.model();
  GenerateStats stats(model.file(), options.continuation.sampler.seed);
  TokenOutput output = output_to(std::cout, options, tokenizer);
  Sequence sequence =
      options.state_in.empty() ? generator.new_sequence() : load_state(options.state_in, model);
  const uint64_t n_before = sequence.n_tokens;
  read_into(sequence, options, tokenizer, generator, output);
  stats.end_prompt(sequence.n_tokens - n_before);
  if (options.fork > 1) {
    run_fork(sequence, options, tokenizer, generator, stats);
  } else {
    sequence = run_one(std::move(sequence), options, generator, output, stats);
    if (options.echo || options.continuation.max_tokens > 0) output.finish();
  }
  if (!options.state_out.empty()) save_state(options.state_out, sequence, model);
  if (options.stats) stats.print(std::cerr);
}

void check_ids(const ContinuationOptions& options, size_t n_vocab) {
  check_options(options.sampler, n_vocab);
  for (const TokenId id : options.stop_ids) {
    if (id >= n_vocab) {
      usage_error("--stop-id " + std::to_string(id) + ": the vocabulary has " + std::to_string(n_vocab) +
                  " ids");
    }
  }
}

int run(GenerateOptions options) {
  apply_target_environment();
  const Model model =
      Model::load(options.model, {.access = options.access, .group_norm_eps = options.group_norm_eps});
  check_ids(options.continuation, model.info().n_vocab);
  std::unique_ptr<const Tokenizer> tokenizer;
  if (options.vocab) {
    tokenizer = Tokenizer::load(*options.vocab);
    with_context(*options.vocab, [&] { tokenizer->check_fits(model.info().n_vocab); });
    options.continuation.bytes_of = [&](TokenId id) { return bytes_of_drawn(*tokenizer, id); };
  }
  options.continuation.keep_end = !options.state_out.empty();
  Generator generator(model, options.threads, stop_requested);
  if (options.jsonl) return run_jsonl(options, tokenizer.get(), generator);
  run_plain(options, tokenizer.get(), generator);
  return kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-generate", [&] {
    auto options = parse_generate_options(argc, argv);
    return options ? run(std::move(*options)) : kSuccess;
  });
}
