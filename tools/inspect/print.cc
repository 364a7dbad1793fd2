#include "inspect/print.h"

#include <cstdio>

#include "common/text_table.h"
#include "core/printable.h"
#include "inspect/file_json.h"

namespace rwkv {
namespace {

std::string in_groups(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

void line(std::ostream& out, const char* what, const std::string& text) {
  char padded[32];
  std::snprintf(padded, sizeof padded, "  %-12s", what);
  out << padded << text << '\n';
}

std::string dtypes_text(const FileFacts& facts) {
  std::string text;
  for (const auto& [name, use] : facts.dtypes) {
    text += (text.empty() ? "" : ", ") + name + " (" + in_groups(use.tensors) + " tensors, " +
            size_text(use.bytes) + ")";
  }
  return text;
}

void print_model(std::ostream& out, const FileFacts& facts) {
  const ModelInfo& m = *facts.model;
  line(out, "version", m.version + ": " + m.reason);
  line(out, "layers", std::to_string(m.n_layers));
  line(out, "width", std::to_string(m.n_embd) + ", channel mix " + std::to_string(m.n_ffn));
  if (m.n_heads > 0) line(out, "heads", std::to_string(m.n_heads) + " of " + std::to_string(m.head_size));
  std::string ranks;
  for (const auto& [what, rank] : m.ranks)
    ranks += (ranks.empty() ? "" : ", ") + what + " " + std::to_string(rank);
  if (!ranks.empty()) line(out, "ranks", ranks);
  line(out, "vocabulary", std::to_string(m.n_vocab) + " ids; tokenizer: " + facts.tokenizer);
}

void print_memory(std::ostream& out, const FileFacts& facts) {
  line(out, "state", size_text(facts.state_bytes) + " a sequence");
  const auto& stored = facts.memory.front();
  line(out, "memory",
       "weights " + size_text(stored.footprint.weight_bytes) + ", read a token " +
           size_text(stored.footprint.read_bytes));
}

void print_memory_table(std::ostream& out, const FileFacts& facts, double read_gb_per_s) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{"  dtype"}, {"weights", kRight}, {"read a token", kRight}, {"tokens/s at most", kRight}});
  for (const auto& need : facts.memory) {
    char rate[32];
    const double tokens = tokens_per_s(need.footprint, read_gb_per_s);
    std::snprintf(rate, sizeof rate, tokens < 10 ? "%.1f" : "%.0f", tokens);
    table.add({"  " + need.dtype, size_text(need.footprint.weight_bytes),
               size_text(need.footprint.read_bytes), rate});
  }
  char bandwidth[80];
  std::snprintf(bandwidth, sizeof bandwidth, "this machine reads %.1f GB/s with all threads", read_gb_per_s);
  line(out, "bandwidth", bandwidth);
  table.print(out);
}

std::string what_follows(const StateInfo& state) {
  if (state.pending) return "; the last, id " + std::to_string(*state.pending) + ", is not in the state yet";
  return state.has_logits ? "; with the logits after them" : "";
}

void print_state(std::ostream& out, const StateInfo& state) {
  line(out, "model", "RWKV-" + state.model_version + ", " + state.model_size + ", weights " + state.model);
  line(out, "tokens", in_groups(state.n_tokens) + " read" + what_follows(state));
  line(out, "sampler",
       in_groups(state.sampler_position) + " drawn, " + in_groups(state.n_counted) +
           " different ids counted for penalties");
}

std::string title_of(const FileFacts& facts) {
  if (facts.model) return "RWKV-" + facts.model->version + " model";
  return facts.kind;
}

void print_content(std::ostream& out, const FileFacts& facts) {
  if (facts.model) print_model(out, facts);
  if (facts.state) print_state(out, *facts.state);
  if (!facts.adapter.empty()) line(out, "adapter", facts.adapter);
  if (facts.tuned_state.size() == 4) {
    line(out, "layers", std::to_string(facts.tuned_state[0]));
    line(out, "heads", std::to_string(facts.tuned_state[1]) + " of " + std::to_string(facts.tuned_state[2]));
    line(out, "order", facts.state_order);
  }
  if (facts.vocab_size) line(out, "ids", std::to_string(*facts.vocab_size));
}

void print_text(std::ostream& out, const FileFacts& facts, const PrintOptions& options) {
  out << facts.path << ": " << title_of(facts) << " (" << facts.format << ", " << size_text(facts.file_bytes)
      << ")\n";
  if (!facts.not_a_model.empty()) line(out, "no model", facts.not_a_model);
  if (!facts.problem.empty()) line(out, "problem", facts.problem);
  if (!facts.naming.empty()) line(out, "names", facts.naming);
  if (!facts.maker.empty() && !facts.state) line(out, "made by", printable(facts.maker));
  print_content(out, facts);
  if (facts.n_tensors > 0) {
    line(out, "parameters", in_groups(facts.parameters) + " in " + in_groups(facts.n_tensors) + " tensors");
    line(out, "dtypes", dtypes_text(facts));
  }
  if (facts.model) print_memory(out, facts);
  if (!facts.state) {  // a state's metadata was printed above
    for (const auto& [key, value] : facts.metadata)
      line(out, "metadata", printable(key) + " = " + printable(value));
  }
  if (facts.model && options.read_gb_per_s) print_memory_table(out, facts, *options.read_gb_per_s);
}

}  // namespace

std::string size_text(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1000; ++unit) size /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", size, kUnits[unit]);
  return text;
}

double tokens_per_s(const Footprint& footprint, double read_gb_per_s) {
  return read_gb_per_s * 1e9 / static_cast<double>(footprint.read_bytes);
}

void print_file(std::ostream& out, const FileFacts& facts, const TensorFile* file,
                const PrintOptions& options) {
  std::vector<TensorView> tensors;
  AllStats stats;
  if (file != nullptr && (options.tensors || options.stats)) tensors = ordered(*file, options.order);
  if (options.stats) stats = stats_of_all(*file, tensors);
  if (options.json) {
    print_json(out, facts, tensors, stats, options);
  } else {
    print_text(out, facts, options);
    if (options.stats) {
      print_stats_table(out, tensors, stats);
    } else if (!tensors.empty()) {
      print_tensor_table(out, tensors, options.order);
    }
  }
  if (!options.plot.empty()) write_plot(options.plot, facts.path, tensors, stats);
}

}  // namespace rwkv
