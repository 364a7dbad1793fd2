#include "convert/receipt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "common/json_text.h"
#include "convert/sha256.h"

namespace rwkv {
namespace {

namespace json = boost::json;

json::object input_json(const ConversionPlan& plan) {
  const TensorFile& file = *plan.source;
  json::object object{
      {"format", file.format()}, {"bytes", file.file_bytes()}, {"tensors", file.tensors().size()}};
  add_bytes(object, "file", file.path());
  if (!file.naming().empty()) object["naming"] = file.naming();
  json::object& metadata = object["metadata"].emplace_object();
  for (const auto& [key, value] : file.metadata()) add_bytes(metadata, key, value);
  return object;
}

json::array merged_json(const ConversionPlan& plan) {
  json::array array;
  for (const MergedFile& file : plan.merge->files()) {
    json::object object{{"kinds", file.kinds}, {"tensors", file.n_tensors}};
    add_bytes(object, "file", file.path);
    if (file.state_order) object["state_order"] = state_order_name(*file.state_order);
    array.push_back(std::move(object));
  }
  return array;
}

json::array texts_json(std::span<const std::string> texts) { return json::array(texts.begin(), texts.end()); }

json::object tensor_json(const PlannedTensor& tensor) {
  const TensorOrigin& origin = tensor.source.origin;
  const TensorSpec& spec = tensor.spec;
  const std::string source_dtype =
      origin.type.empty() ? form_name(tensor.source.dtype, tensor.source.layout) : origin.type;
  json::object object{{"name", spec.name},
                      {"source_dtype", source_dtype},
                      {"transforms", texts_json(origin.transforms)},
                      {"dtype", dtype_info(spec.dtype).name},
                      {"layout", layout_name(spec.layout)},
                      {"shape", json::array(spec.shape.begin(), spec.shape.end())},
                      {"bytes", byte_size(spec)},
                      {"bits", finite_or_null(bits_a_weight(byte_size(spec), element_count(spec.shape)))}};
  add_bytes(object, "source_name", origin.name.empty() ? tensor.source.name : origin.name);
  return object;
}

json::object totals_json(const ConversionPlan& plan, std::span<const TensorError> errors) {
  uint64_t n_weights = 0, bytes = 0;
  double largest = 0, squares = 0;
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const TensorSpec& spec = plan.tensors[i].spec;
    const uint64_t n = element_count(spec.shape);
    n_weights += n;
    bytes += byte_size(spec);
    if (errors.empty()) continue;
    largest = std::max(largest, errors[i].max);
    squares += static_cast<double>(n) * errors[i].rms * errors[i].rms;
  }
  json::object object{{"tensors", plan.tensors.size()},
                      {"parameters", n_weights},
                      {"bytes", bytes},
                      {"bits", finite_or_null(bits_a_weight(bytes, n_weights))}};
  if (errors.empty()) return object;
  object["max_error"] = finite_or_null(largest);
  object["rms_error"] = finite_or_null(std::sqrt(squares / static_cast<double>(n_weights)));
  return object;
}

std::string member(const char* key, const json::value& value) {
  return "\"" + std::string(key) + "\": " + json_text(value) + ",\n";
}

}  // namespace

double bits_a_weight(uint64_t bytes, uint64_t n_weights) {
  return 8.0 * static_cast<double>(bytes) / static_cast<double>(n_weights);
}

ReadBack read_back(const ConversionPlan& plan, const std::filesystem::path& output, bool verify, bool hash,
                   const ProgressCallback& progress) {
  CompareOptions options{.verify = verify};
  std::vector<Sha256> digests(hash ? plan.tensors.size() : 0);
  if (hash) options.stored = [&](size_t tensor, auto bytes) { digests[tensor].add(bytes); };
  ReadBack result{compare(plan, TensorFile::open(output), options, progress), {}};
  for (Sha256& digest : digests) result.sha256.push_back(digest.finish());
  return result;
}

std::string receipt_text(const ConversionPlan& plan, const std::filesystem::path& output,
                         const ReadBack& result) {
  const auto& errors = result.errors;
  std::string text = "{" + member("input", input_json(plan)) + member("merged", merged_json(plan)) +
                     member("dropped", texts_json(plan.dropped));
  if (!plan.calibration.empty())
    text += member("calibration", {{"ids", plan.calibration.size()}, {"hash", hash_of(plan.calibration)}});
  if (!errors.empty()) {
    json::object file;
    add_bytes(file, "file", output.string());
    std::error_code error;
    if (const auto size = std::filesystem::file_size(output, error); !error) file["bytes"] = size;
    text += member("output", file);
  }
  text += "\"tensors\": [";
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    json::object tensor = tensor_json(plan.tensors[i]);
    if (!plan.calibration.empty()) tensor["calibrated"] = plan.tensors[i].calibrated;
    if (!errors.empty()) {
      tensor["max_error"] = finite_or_null(errors[i].max);
      tensor["rms_error"] = finite_or_null(errors[i].rms);
      tensor["sha256"] = result.sha256[i];
    }
    text += (i == 0 ? "\n" : ",\n") + json_text(tensor);
  }
  return text + "],\n\"totals\": " + json_text(totals_json(plan, errors)) + "}\n";
}

}  // namespace rwkv
