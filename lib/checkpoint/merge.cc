#include "checkpoint/merge.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <unordered_map>

#include "checkpoint/merged_source.h"
#include "checkpoint/peft_config.h"
#include "core/error.h"
#include "formats/naming/prefixes.h"
#include "model/architecture.h"
#include "tensor/derived_view.h"

namespace rwkv {
namespace {

constexpr const char* kPeftConfig = "adapter_config.json";
constexpr const char* kInitial = "init_pissa.pth";
constexpr size_t kMaxConfigBytes = 1 << 20;

std::optional<PeftConfig> config_beside(const std::filesystem::path& file) {
  const auto path = file.parent_path() / kPeftConfig;
  if (!file.filename().string().starts_with("adapter_model") || !std::filesystem::exists(path))
    return std::nullopt;
  return with_context(path.string(), [&] {
    const MappedFile mapped = MappedFile::open(path);
    if (mapped.bytes().size() > kMaxConfigBytes) throw Error(ErrorKind::kFormat, "too large");
    return parse_peft_config({reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()});
  });
}

Shape without_ones(const Shape& shape) {
  Shape result;
  std::ranges::copy_if(shape, std::back_inserter(result), [](uint64_t n) { return n != 1; });
  return result;
}

using Parts = std::map<std::string_view, const TensorView*>;  // by the ends of their names

// "m.lora_A.weight" -> "m", "lora_A"; nothing for a tensor that is not a part.
std::optional<std::pair<std::string_view, std::string_view>> split_part(std::string_view name) {
  constexpr std::string_view kWeight = ".weight";
  if (name.ends_with(kWeight)) name.remove_suffix(kWeight.size());
  for (const AdapterKind& kind : adapter_kinds()) {
    for (const auto part : std::span(kind.parts).first(kind.n_parts())) {
      if (!name.ends_with(part) || name.size() <= part.size()) continue;
      const size_t dot = name.size() - part.size() - 1;
      if (name[dot] == '.') return std::pair(name.substr(0, dot), part);
    }
  }
  return std::nullopt;
}

const AdapterKind* kind_of(const Parts& parts) {
  const auto fits = [&](const AdapterKind& kind) {
    return kind.n_parts() == parts.size() &&
           std::ranges::all_of(std::span(kind.parts).first(kind.n_parts()), [&](std::string_view part) {
             const auto found = parts.find(part);
             return found != parts.end() && found->second->shape.size() == kind.dimensions;
           });
  };
  const auto found = std::ranges::find_if(adapter_kinds(), fits);
  return found == adapter_kinds().end() ? nullptr : &*found;
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

// The values of an option; each is used once.
template <class T>
class Queue {
 public:
  Queue(const char* option, const std::vector<T>& values) : option_(option), values_(values) {}
  std::optional<T> next() {
    if (taken_ == values_.size()) return std::nullopt;
    return values_[taken_++];
  }
  void refuse_rest() const {
    if (taken_ == values_.size()) return;
    throw Error(ErrorKind::kUsage, std::string(option_) + ": " + std::to_string(values_.size()) +
                                       " given, the merged files take " + std::to_string(taken_));
  }

 private:
  const char* option_;
  const std::vector<T>& values_;
  size_t taken_ = 0;
};

// The tensors merged so far, and the unused options.
struct MergeState {
  MergeState(const TensorFile& base_file, const MergeOptions& options)
      : base(base_file),
        alphas("--alpha", options.alphas),
        initials("--merge-init", options.initials),
        state_orders("--state-order", options.state_orders) {
    for (const TensorView& tensor : base.tensors()) {
      if (!tensor.origin.name.empty() && tensor.origin.transforms.empty())
        by_origin[without_prefixes(tensor.origin.name)] = &tensor;
    }
    const bool turned = has_tuned_state(base) && stored_state_order(base) == StateOrder::kKeyValue;
    for (const TensorView& tensor : base.tensors())
      add({turned ? transposed(tensor) : tensor});  // what is written is in the order of training
  }

  const TensorFile& base;
  Queue<double> alphas;
  Queue<std::filesystem::path> initials;
  Queue<StateOrder> state_orders;
  std::vector<std::unique_ptr<TensorFile>> files = {};
  std::vector<MergedTensor> tensors = {};
  std::unordered_map<std::string, size_t> index = {};
  // By the base file's names, which an adapter trained on it uses; not for tensors stored in another form.
  std::unordered_map<std::string, const TensorView*> by_origin = {};

  const TensorView* of_base(const std::string& name) const {
    const std::string plain = without_prefixes(name);
    for (const auto& known : {name, plain}) {
      if (const TensorView* found = base.find(known)) return found;
    }
    const auto found = by_origin.find(plain);
    return found == by_origin.end() ? nullptr : found->second;
  }

  void add(MergedTensor tensor) {
    index.emplace(tensor.view.name, tensors.size());
    tensors.push_back(std::move(tensor));
  }
  MergedTensor* find(const std::string& name) {
    const auto found = index.find(name);
    return found == index.end() ? nullptr : &tensors[found->second];
  }
};

// Finds the place of every tensor of one adapter.
class AdapterMatch {
 public:
  AdapterMatch(MergeState& state, const std::filesystem::path& path)
      : state_(state), path_(adapter_file(path)), config_(config_beside(path_)) {}

  MergedFile apply() {
    const TensorFile& file = open(path_);
    facts_.path = path_.string();
    facts_.n_tensors = file.tensors().size();
    sort(file);
    if (const auto initial = initial_path()) add_initial(open(*initial));
    with_context(path_.string(), [&] {
      replace_all();
      for (const auto& [target, parts] : parts_) change(*target, parts);
      add_states(file);
    });
    for (const auto& kind : kinds_) facts_.kinds += (facts_.kinds.empty() ? "" : ", ") + kind;
    return std::move(facts_);
  }

 private:
  const TensorFile& open(const std::filesystem::path& path) {
    state_.files.push_back(std::make_unique<TensorFile>(TensorFile::open(path)));
    return *state_.files.back();
  }

  // Sorts tensors into parts (by the matrix they change), replacements and states; refuses all others.
  void sort(const TensorFile& file) {
    for (const TensorView& tensor : file.tensors()) {
      const auto part = split_part(tensor.name);
      if (is_tuned_state(tensor.name)) {
        states_.push_back(&tensor);
      } else if (const TensorView* replaced = state_.of_base(tensor.name)) {
        replaced_.emplace_back(replaced, &tensor);
      } else if (part) {
        add_part(file, tensor, part->first, part->second);
      } else {
        file.fail(tensor_label(tensor.name) + ": no such tensor in the model");
      }
    }
  }

  void add_part(const TensorFile& file, const TensorView& tensor, std::string_view module,
                std::string_view part) {
    const TensorView* target = state_.of_base(std::string(module) + ".weight");
    if (target == nullptr || target->shape.size() != 2 || !holds_weights(target->dtype))
      file.fail(tensor_label(tensor.name) + ": no such matrix in the model");
    if (!dtype_info(tensor.dtype).is_float) file.fail(tensor_label(tensor.name) + ": not of floats");
    parts_[target][part] = &tensor;
  }

  std::optional<std::filesystem::path> initial_path() {
    const auto has_lora = [](const auto& entry) { return entry.second.contains("lora_A"); };
    if (config_ || !std::ranges::any_of(parts_, has_lora)) return std::nullopt;
    auto beside = path_.parent_path() / kInitial;
    if (std::filesystem::exists(beside)) return beside;
    return state_.initials.next();
  }

  void add_initial(const TensorFile& initial) {
    for (const TensorView& tensor : initial.tensors()) {
      const auto part = split_part(tensor.name);
      if (!part || !part->second.starts_with("init_"))
        initial.fail(tensor_label(tensor.name) + ": want init_lora_A and init_lora_B");
      add_part(initial, tensor, part->first, part->second);
    }
  }

  void replace_all() {
    for (const auto& [target, tensor] : replaced_) {
      if (without_ones(target->shape) != without_ones(tensor->shape)) {
        throw Error(ErrorKind::kFormat, tensor_label(tensor->name) + ": shape " + to_string(tensor->shape) +
                                            ", want " + to_string(target->shape));
      }
      replace(*target, *tensor, "replaced");
    }
    if (!replaced_.empty()) kinds_.insert("replaced tensors");
  }

  void replace(const TensorView& target, TensorView by, const std::string& how) {
    by.name = target.name;
    if (by.strides.empty()) by.shape = target.shape;
    by.origin.transforms.push_back(how + ": " + path_.filename().string());
    MergedTensor* known = state_.find(target.name);
    if (known == nullptr) return state_.add({std::move(by)});
    *known = {std::move(by)};
  }

  void change(const TensorView& target, const Parts& parts) {
    const TensorView& any = *parts.begin()->second;
    const AdapterKind* kind = kind_of(parts);
    if (kind == nullptr) {
      throw Error(ErrorKind::kFormat,
                  tensor_label(any.name) + ": what belongs to it is missing, or has another shape");
    }
    MatrixChange change{kind, {}};
    std::vector<Shape> shapes;
    for (const auto part : std::span(kind->parts).first(kind->n_parts())) {
      change.parts.push_back(*parts.at(part));
      shapes.push_back(parts.at(part)->shape);
    }
    const MatrixSize size{target.shape[0], target.shape[1]};
    const bool narrow = kind->dimensions == 2 && kind->n_parts() == 1 && shapes[0][1] != size.outputs;
    if (!kind->fits(shapes, size) || (narrow && config_ && !config_->mini)) {
      throw Error(ErrorKind::kFormat, tensor_label(any.name) + ": shape " + to_string(any.shape) + " on " +
                                          tensor_label(target.name) + " " + to_string(target.shape) +
                                          ", want " + std::string(kind->shapes));
    }
    const uint64_t rank = kind->rank(shapes[0]);
    std::string words = std::string(kind->name) + ", rank " + std::to_string(rank);
    if (kind->wants_alpha) words += scale(target.name, rank, change);
    kinds_.insert(std::string(kind->name));
    TensorView& view = state_.find(target.name)->view;
    view = changed(view, std::move(change), words + ": " + path_.filename().string());
  }

  // Returns the description for messages.
  std::string scale(std::string_view target, uint64_t rank, MatrixChange& change) {
    constexpr std::string_view kWeight = ".weight";
    auto alpha = alpha_;
    if (config_) alpha = config_->alpha_of(target.substr(0, target.size() - kWeight.size()));
    if (!alpha) alpha = alpha_ = state_.alphas.next();
    if (!alpha)
      throw Error(ErrorKind::kUsage,
                  "a LoRA whose file does not tell its alpha: say --alpha A, as in training");
    const bool by_root = config_ && config_->rank_stabilised;
    const auto r = static_cast<double>(rank);
    change.scale = static_cast<float>(*alpha / (by_root ? std::sqrt(r) : r));
    return ", alpha " + number_text(*alpha) + (by_root ? " (rslora)" : "");
  }

  void add_states(const TensorFile& file) {
    if (states_.empty()) return;
    const ModelInfo info = detect_model(state_.base);
    const StateOrder order = state_.state_orders.next().value_or(stored_state_order(file));
    const Shape want = {info.n_heads, info.head_size, info.head_size};
    if (info.n_heads == 0) throw Error(ErrorKind::kFormat, "a tuned state, which RWKV-4 cannot take");
    for (size_t layer = 0; layer < info.n_layers; ++layer) {
      const std::string name = tuned_state_name(layer);
      const auto found = std::ranges::find_if(
          states_, [&](const TensorView* state) { return without_prefixes(state->name) == name; });
      if (found == states_.end()) throw Error(ErrorKind::kFormat, tensor_label(name) + ": is missing");
      add_state(name, **found, want, order);
    }
    if (states_.size() > info.n_layers) {
      throw Error(ErrorKind::kFormat,
                  "a tuned state for more than the model's " + std::to_string(info.n_layers) + " layers");
    }
    facts_.state_order = order;
    kinds_.insert("tuned state");
  }

  void add_state(const std::string& name, const TensorView& state, const Shape& want, StateOrder order) {
    const bool floats = dtype_info(state.dtype).is_float;
    if (without_ones(state.shape) != without_ones(want) || !floats) {
      throw Error(ErrorKind::kFormat, tensor_label(state.name) + ": " +
                                          std::string(dtype_info(state.dtype).name) + " " +
                                          to_string(state.shape) + ", want floats " + to_string(want));
    }
    TensorView target = state, by = state;
    target.name = name;
    target.shape = want;
    if (order == StateOrder::kKeyValue) by = transposed(std::move(by));
    replace(target, std::move(by), "tuned state, stored " + std::string(state_order_name(order)));
  }

  MergeState& state_;
  std::filesystem::path path_;
  std::optional<PeftConfig> config_;
  std::map<const TensorView*, Parts> parts_;
  std::vector<std::pair<const TensorView*, const TensorView*>> replaced_;  // of the base, and replacements
  std::vector<const TensorView*> states_;
  std::set<std::string> kinds_;
  MergedFile facts_;
  std::optional<double> alpha_;  // the user's value
};

}  // namespace

std::filesystem::path adapter_file(const std::filesystem::path& path) {
  for (const char* name : {"adapter_model.safetensors", "adapter_model.bin"}) {
    if (std::filesystem::exists(path / name)) return path / name;
  }
  return path;
}

std::string adapter_description(const TensorFile& file) {
  std::map<std::string_view, Parts> modules;
  for (const TensorView& tensor : file.tensors()) {
    if (const auto part = split_part(tensor.name)) modules[part->first][part->second] = &tensor;
  }
  std::set<std::string> found;
  for (const auto& [module, parts] : modules) {
    const AdapterKind* kind = kind_of(parts);
    if (kind == nullptr) continue;
    const uint64_t rank = kind->rank(parts.at(kind->parts[0])->shape);
    found.insert(std::string(kind->name) + ", rank " + std::to_string(rank));
  }
  std::string text;
  for (const auto& kind : found) text += (text.empty() ? "" : "; ") + kind;
  return text;
}

Merge::Merge(const TensorFile& base, const MergeOptions& options) {
  MergeState state(base, options);
  for (const auto& path : options.files) files_.push_back(AdapterMatch(state, path).apply());
  state.alphas.refuse_rest();
  state.initials.refuse_rest();
  state.state_orders.refuse_rest();
  adapters_ = std::move(state.files);
  tensors_ = std::move(state.tensors);
}

}  // namespace rwkv
