#include "inspect/file_json.h"

#include <boost/json.hpp>

#include "common/json_text.h"

namespace rwkv {
namespace {

namespace json = boost::json;

json::object model_json(const FileFacts& facts, std::optional<double> read_gb_per_s) {
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
    json::object entry{{"dtype", need.dtype},
                       {"weight_bytes", need.footprint.weight_bytes},
                       {"read_bytes_per_token", need.footprint.read_bytes}};
    if (read_gb_per_s) entry["tokens_per_s"] = tokens_per_s(need.footprint, *read_gb_per_s);
    memory.push_back(std::move(entry));
  }
  object["memory"] = std::move(memory);
  if (read_gb_per_s) object["read_gb_per_s"] = *read_gb_per_s;
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

json::object stats_json(const TensorStats& stats) {
  const Histogram& histogram = stats.histogram;
  return {{"min", stats.min},
          {"max", stats.max},
          {"mean", stats.mean},
          {"rms", stats.rms},
          {"zero", stats.zero},
          {"subnormal", stats.subnormal},
          {"infinite", stats.infinite},
          {"nan", stats.nan},
          {"histogram",
           {{"from", histogram.from},
            {"to", histogram.to},
            {"counts", json::array(histogram.counts.begin(), histogram.counts.end())}}}};
}

json::array tensors_json(std::span<const TensorView> tensors, const AllStats& stats) {
  json::array array;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    json::object entry{{"dtype", dtype_info(tensor.dtype).name},
                       {"shape", json::array(tensor.shape.begin(), tensor.shape.end())},
                       {"bytes", byte_size(tensor)}};
    if (is_laid_out(tensor)) entry["layout"] = layout_name(tensor.layout);
    add_bytes(entry, "name", tensor.name);
    const TensorOrigin& origin = tensor.origin;
    if (!origin.name.empty()) add_bytes(entry, "source_name", origin.name);
    if (!origin.type.empty()) entry["source_dtype"] = origin.type;
    if (!origin.transforms.empty())
      entry["transforms"] = json::array(origin.transforms.begin(), origin.transforms.end());
    if (!stats.empty() && stats[i]) entry["stats"] = stats_json(*stats[i]);
    array.push_back(std::move(entry));
  }
  return array;
}

json::object file_json(const FileFacts& facts, std::optional<double> read_gb_per_s) {
  json::object object;
  add_bytes(object, "file", facts.path);
  object["kind"] = facts.kind;
  object["format"] = facts.format;
  object["file_bytes"] = facts.file_bytes;
  if (!facts.not_a_model.empty()) object["not_a_model"] = facts.not_a_model;
  if (!facts.problem.empty()) object["problem"] = facts.problem;
  if (!facts.naming.empty()) object["naming"] = facts.naming;
  if (!facts.maker.empty()) add_bytes(object, "maker", facts.maker);
  if (!facts.adapter.empty()) object["adapter"] = facts.adapter;
  if (facts.vocab_size) return object["vocab_size"] = *facts.vocab_size, object;
  if (facts.model) {
    for (auto& [key, value] : model_json(facts, read_gb_per_s)) object[key] = value;
  }
  if (facts.state) object["state"] = state_json(*facts.state);
  if (facts.tuned_state.size() == 4) {
    object["layers"] = facts.tuned_state[0];
    object["heads"] = facts.tuned_state[1];
    object["head_size"] = facts.tuned_state[2];
    object["order"] = facts.state_order;
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

void print_json(std::ostream& out, const FileFacts& facts, std::span<const TensorView> tensors,
                const AllStats& stats, const PrintOptions& options) {
  json::object object = file_json(facts, options.read_gb_per_s);
  if (!tensors.empty()) object["tensors"] = tensors_json(tensors, stats);
  out << json_text(object) << '\n';
}

}  // namespace rwkv
