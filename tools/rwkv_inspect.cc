// rwkv-inspect: what a file is.
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "checkpoint/merge.h"
#include "common/command_line.h"
#include "common/common_options.h"
#include "common/json_text.h"
#include "common/tool.h"
#include "core/available_threads.h"
#include "core/error.h"
#include "inspect/diff.h"
#include "inspect/print.h"
#include "kernels/probe.h"
#include "kernels/targets.h"

namespace {

using namespace rwkv;
const ToolText kTool{.name = "rwkv-inspect",
                     .summary = "say what a checkpoint, a state file or a vocabulary is",
                     .usage = R"(rwkv-inspect [options] FILE...
rwkv-inspect --diff A B
rwkv-inspect --cpu)",
                     .examples = R"(rwkv-inspect model.pth
rwkv-inspect --json model.safetensors | jq .version
rwkv-inspect --tensors --sort size model.pth
rwkv-inspect --stats --plot model.svg model.pth
rwkv-inspect --diff model.pth converted.safetensors)",
                     .manual = R"(DESCRIPTION
Says what a checkpoint, a state file or a vocabulary is. Reads headers only, except with --stats and --diff. --diff exits 0 when all
tensors are the same, 1 when they differ, 2 on trouble.

TABLES
--tensors prints one row for tensors that are alike in several layers, with the sum of their sizes. --stats has a row for each tensor,
with a histogram: 24 ranges of equal width from the least value to the greatest, but at most four standard deviations to each side
of the mean; the outer ranges also count all values beyond. --mem measures how fast this machine reads memory, which takes a second
and a GiB: a token takes at least the time to read the weights.

JSON
docs/formats.md lists the keys of --json.
)",
                     .simd_target = current_target};

struct Options : CommonOptions {
  std::vector<std::string> files;
  std::string order = "file";
  PrintOptions print;
  bool diff = false, cpu = false, memory = false;
};

std::vector<std::string> order_names() { return {"file", "name", "size"}; }

TensorOrder order_named(const std::string& name) {
  if (name == "name") return TensorOrder::kName;
  return name == "size" ? TensorOrder::kSize : TensorOrder::kFile;
}

constexpr std::string_view kGroup = "options";

const Option<Options> kOptions[] = {
    {{"tensors", 0, "", "", kSwitchType, kGroup, "list tensors: dtype, shape, size, name in the file", "",
      true},
     [](Options& o, const OptionValue& v) { o.print.tensors = v.on(); }},
    {{"sort", 0, "", "ORDER", name_of(order_names), kGroup, "order of tensors: file, name or size", "", true},
     [](Options& o, const OptionValue& v) { o.order = v.text(); }},
    {{"stats", 0, "", "", kSwitchType, kGroup, "values of tensors: min, max, mean, rms, histogram", "", true},
     [](Options& o, const OptionValue& v) { o.print.stats = v.on(); }},
    {{"plot", 0, "", "FILE.svg", kFileType, kGroup, "draw the histograms of all tensors", "", true},
     [](Options& o, const OptionValue& v) { o.print.plot = v.text(); }},
    {{"mem", 0, "", "", kSwitchType, kGroup, "for each dtype: memory, bytes read a token, tokens/s", "",
      true},
     [](Options& o, const OptionValue& v) { o.memory = v.on(); }},
    {{"diff", 0, "", "", kSwitchType, kGroup, "compare two checkpoints tensor by tensor", "", true},
     [](Options& o, const OptionValue& v) { o.diff = v.on(); }},
    {{"cpu", 0, "", "", kSwitchType, kGroup, "this machine's SIMD targets, threads and caches", "", true},
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
  o.print.order = order_named(o.order);
  o.print.stats = o.print.stats || !o.print.plot.empty();
  if (!o.print.plot.empty() && o.files.size() > 1) usage_error("--plot wants one file");
  if (o.diff && o.files.size() != 2) usage_error("--diff wants two files");
  if (o.files.empty() && !o.cpu) o.files = {"-"};
  for (auto& file : o.files) {
    if (file != "-") continue;
    tell_of_terminal("a file");
    file = "/dev/stdin";
  }
  return o;
}

// A file that is not a checkpoint may be a vocabulary; if it is neither, the message says why it is not a
// checkpoint.
void inspect(const std::string& path, const PrintOptions& options) {
  std::optional<TensorFile> file;
  try {
    file.emplace(TensorFile::open(adapter_file(path), FileAccess::kMap, stop_requested));
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

// A file that cannot be read does not stop the report about the others.
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
  const auto open = [](const std::string& path) {
    return TensorFile::open(path, FileAccess::kMap, stop_requested);
  };
  return run_comparison([&] {
    const TensorFile a = open(options.files[0]), b = open(options.files[1]);
    return print_difference(std::cout, a, b, options.print.json) ? kSuccess : kFailure;
  });
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

double read_gb_per_s() {
  ThreadPool pool(available_threads());
  return measure_limits(pool).read_gb_per_s;
}

int run(Options options) {
  apply_target_environment();
  if (options.memory) options.print.read_gb_per_s = read_gb_per_s();
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
