// rwkv-inspect: what a file is.
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "common/tool.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "inspect/diff.h"
#include "inspect/print.h"
#include "kernels/targets.h"

namespace {

using namespace rwkv;
namespace po = boost::program_options;

constexpr const char* kUsageText =
    "usage: rwkv-inspect [options] FILE...\n"
    "       rwkv-inspect --diff A B\n"
    "       rwkv-inspect --cpu\n\n"
    "Tells what a checkpoint, a state file or a vocabulary is. Reads headers only, except with --stats and "
    "--diff.\n"
    "--diff exits 0 when all tensors are the same, 1 when they differ, 2 on trouble.\n\n"
    "--json keys: file, kind (model, state, tuned state, tensors, vocabulary), format, file_bytes; all but "
    "of\n"
    "vocabularies: parameters, tensor_count, dtypes {name: {tensors, bytes}}, metadata; of models: version, "
    "reason,\n"
    "layers, width, att_width, ffn_width, heads, head_size, ranks, vocab_size, tokenizer, state_bytes, "
    "memory\n"
    "[{dtype, weight_bytes, read_bytes_per_token}]; of tensors: not_a_model; of vocabularies: vocab_size; of "
    "states:\n"
    "state {model_version, model_size, model (fingerprint of its weights), tokens (read), pending (the last "
    "of them, "
    "if\n"
    "it is not in the state yet), logits (whether those of what follows are known), sampler_position (ids "
    "drawn),\n"
    "sampler_counts (ids counted for penalties)}; of tuned states: layers, heads, head_size. --tensors\n"
    "and --stats add tensors [{name, dtype, shape, bytes, stats {min, max, mean, rms, zero, subnormal, "
    "infinite, nan}}].\n"
    "--diff: same, largest, tensors [{name, difference, largest}].\n";

struct Options {
  std::vector<std::string> files;
  PrintOptions print;
  bool diff = false, cpu = false;
};

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  CommandLine line("rwkv-inspect", kUsageText);
  auto add = line.add();
  add("json", po::bool_switch(&o.print.json), "print one JSON object a file");
  add("tensors", po::bool_switch(&o.print.tensors), "list name, dtype, shape and bytes of every tensor");
  add("stats", po::bool_switch(&o.print.stats),
      "and its values: least, greatest, mean, rms, and special ones counted");
  add("mem", po::bool_switch(&o.print.memory), "print memory and bytes read a token for each dtype");
  add("diff", po::bool_switch(&o.diff), "compare two checkpoints tensor by tensor");
  add("cpu", po::bool_switch(&o.cpu), "print what this machine computes with");
  line.add_operands("files", po::value(&o.files), -1);
  if (!line.parse(argc, argv)) return std::nullopt;
  if (o.diff && o.files.size() != 2) usage_error("--diff wants two files");
  if (o.files.empty() && !o.cpu) usage_error("no file");
  for (auto& file : o.files) {
    if (file == "-") file = "/dev/stdin";
  }
  return o;
}

// Where a file is no checkpoint it may be a vocabulary; where it is neither, it is told why it is no
// checkpoint.
void inspect(const std::string& path, const PrintOptions& options) {
  std::optional<TensorFile> file;
  try {
    file.emplace(TensorFile::open(path));
  } catch (const Error& not_a_checkpoint) {
    if (not_a_checkpoint.kind() == ErrorKind::kIo) throw;
    std::optional<FileFacts> facts;
    try {
      facts = facts_of_vocabulary(path);
    } catch (const Error&) {
      throw not_a_checkpoint;
    }
    return print_file(std::cout, *facts, nullptr, options);
  }
  print_file(std::cout, facts_of(*file), &*file, options);
}

// A file that cannot be read does not keep the others from being told of.
int inspect_all(const Options& options) {
  int code = kSuccess;
  for (const auto& path : options.files) {
    try {
      inspect(path, options.print);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::kInterrupted) throw;
      std::cout.flush();
      std::cerr << "rwkv-inspect: " << e.what() << '\n';
      code = kFailure;
    }
  }
  return code;
}

int diff(const Options& options) {
  try {
    const auto a = TensorFile::open(options.files[0]), b = TensorFile::open(options.files[1]);
    return print_difference(std::cout, a, b, options.print.json) ? 0 : 1;
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kUsage, e.what());  // trouble is 2 here
  }
}

uint64_t cache_bytes(int name) { return static_cast<uint64_t>(std::max(0L, ::sysconf(name))); }

void print_cpu(std::ostream& out, bool as_json) {
  const uint64_t l1 = cache_bytes(_SC_LEVEL1_DCACHE_SIZE), l2 = cache_bytes(_SC_LEVEL2_CACHE_SIZE),
                 l3 = cache_bytes(_SC_LEVEL3_CACHE_SIZE);
  if (as_json) {
    boost::json::array targets;
    for (const auto& name : supported_targets()) targets.emplace_back(name);
    const boost::json::object object{{"target", current_target()},
                                     {"targets", std::move(targets)},
                                     {"threads", available_threads()},
                                     {"l1d_bytes", l1},
                                     {"l2_bytes", l2},
                                     {"l3_bytes", l3}};
    out << boost::json::serialize(object) << '\n';
    return;
  }
  out << "SIMD target  " << current_target() << '\n' << "available   ";
  for (const auto& name : supported_targets()) out << ' ' << name;
  out << "\nthreads      " << available_threads() << '\n'
      << "caches       L1 " << size_text(l1) << ", L2 " << size_text(l2) << ", L3 " << size_text(l3) << '\n';
}

int run(const Options& options) {
  apply_target_environment();
  if (options.cpu) print_cpu(std::cout, options.print.json);
  return options.diff ? diff(options) : inspect_all(options);
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-inspect", [&] {
    const auto options = parse(argc, argv);
    return options ? run(*options) : kSuccess;
  });
}
