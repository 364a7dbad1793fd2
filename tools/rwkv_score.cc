// rwkv-score: how likely a model finds a sequence of token ids.
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "core/error.h"
#include "ids/id_stream.h"
#include "json_text.h"
#include "model/scorer.h"
#include "model/state_file.h"
#include "npy.h"
#include "sampling/log_prob.h"
#include "score_sums.h"
#include "text/tokenizer.h"
#include "token_output.h"
#include "tool.h"

namespace {

using namespace rwkv;
namespace po = boost::program_options;

constexpr const char* kUsageText =
    "usage: rwkv-score -m MODEL [options] < ids\n\n"
    "Log-likelihood of token ids, each predicted from those before it in one continuous state. The first is\n"
    "predicted from nothing and therefore left out, unless --bos or --state-in puts an id in front of it.\n\n"
    "--json keys: tokens (scored), nats, nats_per_token, perplexity; with -v bytes, bits_per_byte; with "
    "--against\n"
    "against: {rows, mean_kl (old || new, nats), top1_agreement, max_difference}; with --per-token "
    "per_token:\n"
    "[{position, id, logprob}, ..].\n";

struct Options {
  std::string model, state_in, ids = "text", logits, against;
  std::optional<std::string> vocab;
  std::optional<TokenId> bos;
  std::optional<float> group_norm_eps;
  size_t reset = 0, threads = 1;
  bool per_token = false, json = false, quiet = false;
};

template <class T>
po::typed_value<T>* optional_value(std::optional<T>& target, const char* name) {
  return po::value<T>()->value_name(name)->notifier([&](const T& given) { target = given; });
}

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  std::string model, vocab;
  std::optional<int64_t> threads, reset;
  CommandLine line("rwkv-score", kUsageText);
  auto add = line.add();
  add("model,m", po::value(&model)->value_name("FILE"), "the model (or RWKV_MODEL)");
  add("vocab,v", po::value(&vocab)->value_name("FILE"), "the vocabulary (or RWKV_VOCAB), for bits/byte");
  add("ids", po::value(&o.ids)->value_name("FORMAT"),
      "form of the ids: text (default), lines, json, u16, u32");
  add("bos", optional_value(o.bos, "ID"), "read this id in front, so that the first id is scored too");
  add("reset", optional_value(reset, "N"), "begin from a fresh state after every N ids");
  add("state-in", po::value(&o.state_in)->value_name("FILE"), "begin from a saved or a tuned initial state");
  add("per-token", po::bool_switch(&o.per_token),
      "print position, id and ln p of every scored id, tab-separated");
  add("logits", po::value(&o.logits)->value_name("OUT.npy"), "write all logits: float32 [ids, vocabulary]");
  add("against", po::value(&o.against)->value_name("OLD.npy"), "compare with logits written before");
  add("group-norm-eps", optional_value(o.group_norm_eps, "X"),
      "instead of 64e-5 (rwkv.cpp has 1e-5 for RWKV-5)");
  add("json", po::bool_switch(&o.json), "print one JSON object");
  add("threads,t", optional_value(threads, "N"), "threads (or RWKV_THREADS; default: every core)");
  add("quiet,q", po::bool_switch(&o.quiet), "no progress");
  if (!line.parse(argc, argv)) return std::nullopt;

  const auto model_path = option_or_environment(model, "RWKV_MODEL");
  if (!model_path) usage_error("no model: give -m MODEL or set RWKV_MODEL");
  o.model = *model_path;
  o.vocab = option_or_environment(vocab, "RWKV_VOCAB");
  if (reset && *reset < 1) usage_error("--reset is " + std::to_string(*reset) + ", want at least 1");
  o.reset = static_cast<size_t>(reset.value_or(0));
  if (threads && *threads < 1) usage_error("--threads is " + std::to_string(*threads) + ", want at least 1");
  o.threads = thread_count(threads ? std::optional<size_t>(*threads) : std::nullopt);
  return o;
}

std::vector<TokenId> read_ids(const Options& options, size_t n_vocab) {
  return with_context("standard input", [&] {
    IdReader reader(std::cin, {.format = id_format_from_name(options.ids), .vocab_size = n_vocab});
    reader.next_record();
    return reader.read_all();
  });
}

NpyFile open_reference(const Options& options, size_t n_rows, size_t n_vocab) {
  NpyFile matrix = NpyFile::open(options.against);
  if (matrix.rows() != n_rows || matrix.cols() != n_vocab) {
    throw Error(ErrorKind::kFormat, options.against + ": logits of " + std::to_string(matrix.rows()) +
                                        " ids and " + std::to_string(matrix.cols()) +
                                        " vocabulary entries, want " + std::to_string(n_rows) + " and " +
                                        std::to_string(n_vocab));
  }
  return matrix;
}

// Everything that is done with a row of logits.
class Report {
 public:
  Report(const Options& options, const Tokenizer* tokenizer, size_t n_ids, size_t n_vocab)
      : options_(options), tokenizer_(tokenizer), n_ids_(n_ids), progress_("score", "ids", options.quiet) {
    if (!options.against.empty()) reference_.emplace(open_reference(options, n_ids, n_vocab));
    if (!options.logits.empty()) writer_.emplace(options.logits, n_ids, n_vocab);
    reference_row_.resize(n_vocab);
    if (options.json) std::cout << "{";
    if (options.json && options.per_token) std::cout << "\"per_token\":[";
  }

  void add(const ScoredRow& row) {
    throw_if_stopped();
    if (row.position) compare_and_write(*row.position, row.logits);
    if (row.next) add_likelihood(row.position ? *row.position + 1 : 0, *row.next, row.logits);
  }

  void finish() {
    if (writer_) writer_->commit();
    options_.json ? print_json() : print_lines();
  }

 private:
  void compare_and_write(size_t position, std::span<const float> logits) {
    progress_.update(position, n_ids_);
    if (writer_) writer_->write_row(logits);
    if (!reference_) return;
    reference_->read_row(position, reference_row_);
    comparison_.add(reference_row_, logits);
  }

  void add_likelihood(size_t position, TokenId id, std::span<const float> logits) {
    const double ln_p = log_prob(logits, id);
    ++sum_.tokens;
    sum_.nats -= ln_p;
    if (tokenizer_ != nullptr) sum_.bytes += bytes_of_drawn(*tokenizer_, id).size();
    if (options_.per_token) print_token(position, id, ln_p);
  }

  void print_token(size_t position, TokenId id, double ln_p) {
    if (options_.json) {
      const boost::json::object token{{"position", position}, {"id", id}, {"logprob", finite_or_null(ln_p)}};
      std::cout << (sum_.tokens > 1 ? "," : "") << boost::json::serialize(token);
    } else {
      char text[64];
      std::snprintf(text, sizeof text, "%zu\t%u\t%.9g\n", position, id, ln_p);
      std::cout << text;
    }
  }

  void print_json() const {
    boost::json::object object{{"tokens", sum_.tokens},
                               {"nats", finite_or_null(sum_.nats)},
                               {"nats_per_token", finite_or_null(sum_.nats_per_token())},
                               {"perplexity", finite_or_null(sum_.perplexity())}};
    if (tokenizer_ != nullptr) {
      object["bytes"] = sum_.bytes;
      object["bits_per_byte"] = finite_or_null(sum_.bits_per_byte());
    }
    if (reference_) {
      object["against"] = {{"rows", comparison_.rows()},
                           {"mean_kl", finite_or_null(comparison_.mean_kl())},
                           {"top1_agreement", comparison_.top1_share()},
                           {"max_difference", finite_or_null(comparison_.largest_difference())}};
    }
    if (options_.per_token) std::cout << "],";
    std::cout << boost::json::serialize(object).substr(1) << '\n';
  }

  // With --per-token the lines are the data, and this is talk.
  void print_lines() const {
    std::ostream& out = options_.per_token ? std::cerr : std::cout;
    if (options_.per_token && options_.quiet) return;
    print(out, "tokens\t%.0f\n", static_cast<double>(sum_.tokens));
    print(out, "nats/token\t%.6f\n", sum_.nats_per_token());
    print(out, "perplexity\t%.6f\n", sum_.perplexity());
    if (tokenizer_ != nullptr) print(out, "bits/byte\t%.6f\n", sum_.bits_per_byte());
    if (!reference_) return;
    print(out, "mean KL\t%.9g\n", comparison_.mean_kl());
    print(out, "top-1 agreement\t%.6f\n", comparison_.top1_share());
    print(out, "largest difference\t%.9g\n", comparison_.largest_difference());
  }

  static void print(std::ostream& out, const char* format, double number) {
    char text[400];
    std::snprintf(text, sizeof text, format, number);
    out << text;
  }

  const Options& options_;
  const Tokenizer* tokenizer_;
  size_t n_ids_;
  Progress progress_;
  std::optional<NpyFile> reference_;
  std::optional<NpyWriter> writer_;
  std::vector<float> reference_row_;
  LikelihoodSum sum_;
  LogitComparison comparison_;
};

ScoreRun run_of(const Options& options, const Model& model) {
  ScoreRun run{model.initial_state(), options.bos, options.reset};
  if (options.bos && *options.bos >= model.info().n_vocab) {
    usage_error("--bos " + std::to_string(*options.bos) + ": the vocabulary has " +
                std::to_string(model.info().n_vocab) + " ids");
  }
  if (options.state_in.empty()) return run;
  Sequence sequence = load_state(options.state_in, model);
  if (options.bos && sequence.n_tokens > 0)
    usage_error("--bos: the state of --state-in is not at a beginning");
  run.initial = std::move(sequence.state);
  if (sequence.pending) run.bos = sequence.pending;
  return run;
}

int run(const Options& options) {
  apply_target_environment();
  const Model model =
      Model::load(options.model, {.access = FileAccess::kMap, .group_norm_eps = options.group_norm_eps});
  const size_t n_vocab = model.info().n_vocab;
  std::unique_ptr<const Tokenizer> tokenizer;
  if (options.vocab) {
    tokenizer = Tokenizer::load(*options.vocab);
    with_context(*options.vocab, [&] { tokenizer->check_fits(n_vocab); });
  }
  const ScoreRun score_run = run_of(options, model);
  const auto ids = read_ids(options, n_vocab);
  Workspace workspace(options.threads);
  Report report(options, tokenizer.get(), ids.size(), n_vocab);
  score(model, score_run, ids, workspace, [&](const ScoredRow& row) { report.add(row); });
  report.finish();
  return kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-score", [&] {
    const auto options = parse(argc, argv);
    return options ? run(*options) : kSuccess;
  });
}
