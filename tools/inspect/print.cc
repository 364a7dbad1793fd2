#include "inspect/print.h"

#include <boost/json.hpp>
#include <cstdio>

#include "common/json_text.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;

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

void print_memory(std::ostream& out, const FileFacts& facts, bool table) {
  line(out, "state", size_text(facts.state_bytes) + " a sequence");
  for (const auto& need : facts.memory) {
    line(out, &need == &facts.memory.front() ? "memory" : "",
         need.dtype + ": weights " + size_text(need.footprint.weight_bytes) + ", read a token " +
             size_text(need.footprint.read_bytes));
    if (!table) break;
  }
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

std::string stats_text(const TensorView& tensor) {
  const auto stats = stats_of(tensor);
  if (!stats) return "";
  char text[320];
  std::snprintf(
      text, sizeof text, "\tmin %.6g max %.6g mean %.6g rms %.6g zero %llu subnormal %llu inf %llu nan %llu",
      stats->min, stats->max, stats->mean, stats->rms, static_cast<unsigned long long>(stats->zero),
      static_cast<unsigned long long>(stats->subnormal), static_cast<unsigned long long>(stats->infinite),
      static_cast<unsigned long long>(stats->nan));
  return text;
}

void print_tensors(std::ostream& out, const TensorFile& file, bool with_stats) {
  for (const auto& tensor : file.tensors()) {
    out << printable(tensor.name) << '\t' << form_name(tensor.dtype, tensor.layout) << '\t'
        << to_string(tensor.shape) << '\t' << byte_size(tensor) << (with_stats ? stats_text(tensor) : "")
        << '\n';
    if (with_stats) file.release(tensor.bytes);
  }
}

void print_text(std::ostream& out, const FileFacts& facts, bool memory_table) {
  out << facts.path << ": " << title_of(facts) << " (" << facts.format << ", " << size_text(facts.file_bytes)
      << ")\n";
  if (!facts.not_a_model.empty()) line(out, "no model", facts.not_a_model);
  if (!facts.problem.empty()) line(out, "problem", facts.problem);
  if (facts.model) print_model(out, facts);
  if (facts.state) print_state(out, *facts.state);
  if (facts.tuned_state.size() == 4) {
    line(out, "layers", std::to_string(facts.tuned_state[0]));
    line(out, "heads", std::to_string(facts.tuned_state[1]) + " of " + std::to_string(facts.tuned_state[2]));
  }
  if (facts.vocab_size) line(out, "ids", std::to_string(*facts.vocab_size));
  if (facts.n_tensors > 0) {
    line(out, "parameters", in_groups(facts.parameters) + " in " + in_groups(facts.n_tensors) + " tensors");
    line(out, "dtypes", dtypes_text(facts));
  }
  if (facts.model) print_memory(out, facts, memory_table);
  if (facts.state) return;  // all of its metadata was told
  for (const auto& [key, value] : facts.metadata)
    line(out, "metadata", printable(key) + " = " + printable(value));
}

json::object model_json(const FileFacts& facts) {
  const ModelInfo& m = *facts.model;
  json::object ranks;
  for (const auto& [what, rank] : m.ranks) ranks[what] = rank;
  json::object object{
      {"version", m.version},    {"reason", m.reason},           {"layers", m.n_layers},
      {"width", m.n_embd},       {"att_width", m.n_att},         {"ffn_width", m.n_ffn},
      {"heads", m.n_heads},      {"head_size", m.head_size},     {"ranks", std::move(ranks)},
      {"vocab_size", m.n_vocab}, {"tokenizer", facts.tokenizer}, {"state_bytes", facts.state_bytes}};
  json::array memory;
  for (const auto& need : facts.memory) {
    memory.push_back({{"dtype", need.dtype},
                      {"weight_bytes", need.footprint.weight_bytes},
                      {"read_bytes_per_token", need.footprint.read_bytes}});
  }
  object["memory"] = std::move(memory);
  return object;
}

json::object state_json(const StateInfo& state) {
  json::object object{{"model_version", state.model_version},
                      {"model_size", state.model_size},
                      {"model", state.model},
                      {"tokens", state.n_tokens},
                      {"logits", state.has_logits},
                      {"sampler_position", state.sampler_position},
                      {"sampler_counts", state.n_counted}};
  if (state.pending) object["pending"] = *state.pending;
  return object;
}

json::array tensors_json(const TensorFile& file, bool with_stats) {
  json::array tensors;
  for (const auto& tensor : file.tensors()) {
    json::object entry{{"dtype", dtype_info(tensor.dtype).name},
                       {"shape", json::array(tensor.shape.begin(), tensor.shape.end())},
                       {"bytes", byte_size(tensor)}};
    if (is_laid_out(tensor)) entry["layout"] = layout_name(tensor.layout);
    add_bytes(entry, "name", tensor.name);
    const auto stats = with_stats ? stats_of(tensor) : std::nullopt;
    if (stats) {
      entry["stats"] = {{"min", stats->min},           {"max", stats->max},   {"mean", stats->mean},
                        {"rms", stats->rms},           {"zero", stats->zero}, {"subnormal", stats->subnormal},
                        {"infinite", stats->infinite}, {"nan", stats->nan}};
      file.release(tensor.bytes);
    }
    tensors.push_back(std::move(entry));
  }
  return tensors;
}

json::object file_json(const FileFacts& facts) {
  json::object object;
  add_bytes(object, "file", facts.path);
  object["kind"] = facts.kind;
  object["format"] = facts.format;
  object["file_bytes"] = facts.file_bytes;
  if (!facts.not_a_model.empty()) object["not_a_model"] = facts.not_a_model;
  if (!facts.problem.empty()) object["problem"] = facts.problem;
  if (facts.vocab_size) return object["vocab_size"] = *facts.vocab_size, object;
  if (facts.model) {
    for (auto& [key, value] : model_json(facts)) object[key] = value;
  }
  if (facts.state) object["state"] = state_json(*facts.state);
  if (facts.tuned_state.size() == 4) {
    object["layers"] = facts.tuned_state[0];
    object["heads"] = facts.tuned_state[1];
    object["head_size"] = facts.tuned_state[2];
  }
  object["parameters"] = facts.parameters;
  object["tensor_count"] = facts.n_tensors;
  json::object& dtypes = object["dtypes"].emplace_object();
  for (const auto& [name, use] : facts.dtypes)
    dtypes[name] = {{"tensors", use.tensors}, {"bytes", use.bytes}};
  json::object& metadata = object["metadata"].emplace_object();
  for (const auto& [key, value] : facts.metadata) add_bytes(metadata, key, value);
  return object;
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

void print_file(std::ostream& out, const FileFacts& facts, const TensorFile* file,
                const PrintOptions& options) {
  const bool list = file != nullptr && (options.tensors || options.stats);
  if (options.json) {
    json::object object = file_json(facts);
    if (list) object["tensors"] = tensors_json(*file, options.stats);
    out << json_text(object) << '\n';
  } else {
    print_text(out, facts, options.memory);
    if (list) print_tensors(out, *file, options.stats);
  }
}

}  // namespace rwkv
