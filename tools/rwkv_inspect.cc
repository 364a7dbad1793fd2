// rwkv-inspect: what a file is.
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "common/command_line.h"
#include "common/common_options.h"
#include "common/json_text.h"
#include "common/tool.h"
#include "core/error.h"
#include "core/thread_pool.h"
#include "inspect/diff.h"
#include "inspect/print.h"
#include "kernels/targets.h"

namespace {

using namespace rwkv;
const ToolText kTool{.name = "rwkv-inspect",
                     .summary = "tell what a checkpoint, a state file or a vocabulary is",
                     .usage = R"(rwkv-inspect [options] FILE...
rwkv-inspect --diff A B
rwkv-inspect --cpu)",
                     .examples = R"(rwkv-inspect model.pth
rwkv-inspect --json model.safetensors | jq .version
rwkv-inspect --tensors --stats model.pth
rwkv-inspect --diff model.pth converted.safetensors)",
                     .manual = R"(DESCRIPTION
Tells what a checkpoint, a state file or a vocabulary is. Reads headers only, except with --stats and --diff. --diff exits 0 when all
tensors are the same, 1 when they differ, 2 on trouble.

JSON
Keys of --json: file, kind (model, state, tuned state, tensors, vocabulary), format, file_bytes; all but of vocabularies: parameters,
tensor_count, dtypes {name: {tensors, bytes}}, metadata; of models: version, reason, layers, width, att_width, ffn_width, heads,
head_size, ranks, vocab_size, tokenizer, state_bytes, memory [{dtype, weight_bytes, read_bytes_per_token}]; of tensors: not_a_model; of
vocabularies: vocab_size; of states: state {model_version, model_size, model (fingerprint of its weights), tokens (read), pending (the
last of them, if it is not in the state yet), logits (whether those of what follows are known), sampler_position (ids drawn),
sampler_counts (ids counted for penalties)}; of tuned states: layers, heads, head_size. --tensors and --stats add tensors [{name, dtype,
shape, bytes, stats {min, max, mean, rms, zero, subnormal, infinite, nan}}]. --diff: same, largest, tensors [{name, difference, largest}].
)",
                     .simd_target = current_target};

struct Options : CommonOptions {
  std::vector<std::string> files;
  PrintOptions print;
  bool diff = false, cpu = false;
};

constexpr std::string_view kGroup = "options";

const Option<Options> kOptions[] = {
    {{"tensors", 0, "", "", kSwitchType, kGroup, "list name, dtype, shape and bytes of every tensor", "",
      true},
     [](Options& o, const OptionValue& v) { o.print.tensors = v.on(); }},
    {{"stats", 0, "", "", kSwitchType, kGroup, "and its values: least, greatest, mean, rms, odd ones", "",
      true},
     [](Options& o, const OptionValue& v) { o.print.stats = v.on(); }},
    {{"mem", 0, "", "", kSwitchType, kGroup, "memory and bytes read a token for each dtype", "", true},
     [](Options& o, const OptionValue& v) { o.print.memory = v.on(); }},
    {{"diff", 0, "", "", kSwitchType, kGroup, "compare two checkpoints tensor by tensor", "", true},
     [](Options& o, const OptionValue& v) { o.diff = v.on(); }},
    {{"cpu", 0, "", "", kSwitchType, kGroup, "what this machine computes with", "", true},
     [](Options& o, const OptionValue& v) { o.cpu = v.on(); }},
};

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  CommandLine line(kTool);
  line.add(kOptions, o);
  line.add(kJsonOption, o);
  line.add_operands(o.files);
  if (!line.parse(argc, argv)) return std::nullopt;
  o.print.json = o.json;
  if (o.diff && o.files.size() != 2) usage_error("--diff wants two files");
  if (o.files.empty() && !o.cpu) o.files = {"-"};
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
    out << json_text(object) << '\n';
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
