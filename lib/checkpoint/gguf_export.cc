#include "checkpoint/gguf_export.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "checkpoint/gguf_metadata.h"
#include "core/error.h"
#include "formats/ggml_tensor.h"
#include "formats/gguf_writer.h"
#include "formats/naming/gguf_names.h"
#include "model/architecture.h"
#include "tensor/cast.h"
#include "tensor/derived_view.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

constexpr size_t kBlockElements = 1 << 20;

// A tensor of the target, made from one or more of the source.
struct Item {
  GgufSpec spec;
  std::vector<const PlannedTensor*> parts;
  GgufForm form;
};

// The target's name of a type, and the dtype of its elements before they are encoded.
struct TypeOfDtype {
  DType dtype;
  std::string_view type;
};
constexpr auto kTypes = std::to_array<TypeOfDtype>(
    {{DType::kF32, "F32"}, {DType::kF16, "F16"}, {DType::kBf16, "BF16"}, {DType::kQ8, "Q8_0"}});

const GgmlType& type_of(DType dtype) {
  const auto found = std::ranges::find(kTypes, dtype, &TypeOfDtype::dtype);
  if (found == kTypes.end())
    throw Error(ErrorKind::kUnsupported,
                "GGUF is written in f32, f16, bf16 or q8, not in " + std::string(dtype_info(dtype).name));
  return *find_ggml_type(found->type);
}

DType dtype_of(const GgmlType& type) {
  return std::ranges::find(kTypes, type.name, &TypeOfDtype::type)->dtype;
}

const GgufArchitecture& architecture_for(const ModelInfo& info) {
  const auto table = gguf_architectures();
  const auto found = std::ranges::find(table, info.version, &GgufArchitecture::version);
  if (found != table.end()) return *found;
  throw Error(ErrorKind::kUnsupported, "RWKV-" + info.version + " has no form in GGUF: want RWKV-6 or 7");
}

// The type of a tensor that is not quantised.
DType wide_dtype(const TensorView& tensor) {
  if (tensor.requantise) return DType::kBf16;
  return is_quantised(tensor.dtype) || tensor.dtype == DType::kF64 ? DType::kF32 : tensor.dtype;
}

// The planned type, if llama.cpp allows it for this tensor.
DType target_dtype(const PlannedTensor& tensor, GgufPrecision precision, const Shape& shape) {
  if (precision == GgufPrecision::kF32) return DType::kF32;
  const DType wanted = tensor.spec.dtype;
  if (wanted == DType::kF64) return DType::kF32;
  const bool has_blocks =
      precision == GgufPrecision::kAny && shape.back() % type_of(DType::kQ8).block_elements == 0;
  return is_quantised(wanted) && !has_blocks ? wide_dtype(tensor.source) : wanted;
}

// A tensor's shape as its form and llama.cpp's kernels need it.
void check_shape(const TensorView& tensor, const GgufName& name) {
  const bool is_matrix = name.form == GgufForm::kTransposed || name.precision == GgufPrecision::kAny;
  if (element_count(tensor.shape) > 0 && (!is_matrix || tensor.shape.size() >= 2)) return;
  throw Error(ErrorKind::kFormat, tensor_label(tensor.name) + ": shape " + to_string(tensor.shape) +
                                      ", want " + (is_matrix ? "a matrix" : "elements"));
}

Shape shape_in(GgufForm form, const Shape& ours) {
  Shape shape = ours;
  if (form == GgufForm::kFlat || form == GgufForm::kFlatHeads) return {element_count(ours)};
  if (form == GgufForm::kTransposed) std::swap(shape[shape.size() - 2], shape[shape.size() - 1]);
  return shape;
}

class Items {
 public:
  explicit Items(const ConversionPlan& plan) : plan_(plan) {
    for (const PlannedTensor& tensor : plan.tensors) tensors_[tensor.source.name] = &tensor;
  }

  std::vector<Item> run(const GgufArchitecture& architecture, size_t n_layers) {
    for (const GgufName& name : gguf_model_names()) add(std::string(name.theirs), at(name.ours), name);
    for (size_t layer = 0; layer < n_layers; ++layer) add_layer(architecture, layer);
    for (const PlannedTensor& tensor : plan_.tensors) {
      const std::string& name = tensor.source.name;
      if (used_.contains(name) || is_unused_by_models(name)) continue;
      throw Error(ErrorKind::kUnsupported,
                  tensor_label(name) + ": GGUF has no place for it; --drop takes it out");
    }
    return std::move(items_);
  }

 private:
  // Block 0's v0, v1 and v2 are never read, but llama.cpp wants them to exist, with the shapes of a0, a1 and
  // a2.
  static bool is_unused_by_models(std::string_view name) {
    return name == "blocks.0.att.v0" || name == "blocks.0.att.v1" || name == "blocks.0.att.v2";
  }

  const PlannedTensor& at(std::string_view name) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw Error(ErrorKind::kFormat, tensor_label(name) + ": is missing");
    used_.insert(found->first);
    return *found->second;
  }

  void add_layer(const GgufArchitecture& architecture, size_t layer) {
    const std::string theirs = "blk." + std::to_string(layer) + ".",
                      ours = "blocks." + std::to_string(layer) + ".";
    for (const GgufName& name : architecture.layer) {
      std::string source = ours + std::string(name.ours);
      if (architecture.version == "7" && is_unused_by_models(source)) source[source.size() - 2] = 'a';
      add(theirs + std::string(name.theirs), at(source), name);
    }
    add_lerps(architecture.lerps, theirs, ours);
  }

  void add_lerps(const GgufLerps& names, const std::string& theirs, const std::string& ours) {
    Item lerps{{theirs + std::string(names.fused), &type_of(DType::kF32), {}}, {}, GgufForm::kFlat};
    for (const GgufName& name : names.parts) lerps.parts.push_back(&at(ours + std::string(name.ours)));
    const Shape& shape = lerps.parts[0]->source.shape;
    for (const PlannedTensor* part : lerps.parts) {
      check_shape(part->source, names.parts[0]);
      if (part->source.shape == shape) continue;
      throw Error(ErrorKind::kFormat, tensor_label(part->source.name) + ": shape " +
                                          to_string(part->source.shape) + ", want " + to_string(shape));
    }
    lerps.spec.shape = {lerps.parts.size(), 1, 1, element_count(shape)};
    items_.push_back(std::move(lerps));
  }

  void add(std::string theirs, const PlannedTensor& tensor, const GgufName& name) {
    check_shape(tensor.source, name);
    const Shape shape = shape_in(name.form, tensor.source.shape);
    const GgmlType* type = with_context(tensor_label(tensor.source.name), [&] {
      return &type_of(target_dtype(tensor, name.precision, shape));
    });
    items_.push_back({{std::move(theirs), type, shape}, {&tensor}, name.form});
  }

  const ConversionPlan& plan_;
  std::unordered_map<std::string_view, const PlannedTensor*> tensors_;
  std::vector<Item> items_;
  std::unordered_set<std::string_view> used_;
};

// Writes one tensor after the other; keeps its buffers.
class Export {
 public:
  Export(const TensorFile& source, GgufWriter& writer, const ProgressCallback& progress, size_t n_threads)
      : source_(source), writer_(writer), progress_(progress), pool_(n_threads) {}

  // Returns how many finite elements became infinite.
  uint64_t write(const Item& item) {
    uint64_t n_overflowed = 0;
    for (const PlannedTensor* part : item.parts)
      n_overflowed +=
          with_context(tensor_label(part->source.name), [&] { return write_part(item, part->source); });
    writer_.end_tensor();
    return n_overflowed;
  }

 private:
  uint64_t write_part(const Item& item, const TensorView& part) {
    const GgmlType& type = *item.spec.type;
    const uint64_t row = item.spec.shape.back(), n_rows = element_count(part.shape) / row;
    const uint64_t step = std::max<uint64_t>(1, kBlockElements / row);
    const bool turned = item.form == GgufForm::kTransposed;
    const auto bytes = is_laid_out(part) ? std::span<const std::byte>()
                                         : packed_bytes(turned ? transposed(part) : part, scratch_, &pool_);
    uint64_t n_overflowed = 0;
    for (uint64_t first = 0; first < n_rows; first += step) {
      const uint64_t n = std::min(step, n_rows - first);
      elements_.resize(n * row * dtype_info(type.dtype).bytes);
      if (is_laid_out(part)) {
        n_overflowed += unpack(part, {turned, first, n}, type.dtype, elements_);
      } else {
        const size_t row_bytes = row * dtype_info(part.dtype).bytes;
        n_overflowed +=
            cast_elements(part.dtype, bytes.subspan(first * row_bytes, n * row_bytes), type.dtype, elements_);
      }
      write_elements(type);
      if (progress_)
        progress_(done_bytes_ += n * row * type.block_bytes / type.block_elements, total_bytes());
    }
    source_.release(part.bytes);
    return n_overflowed;
  }

  void write_elements(const GgmlType& type) {
    if (type.decode == nullptr) return writer_.write(elements_);
    blocks_.resize(elements_.size() / sizeof(float) / type.block_elements * type.block_bytes);
    encode_q8_0({reinterpret_cast<const float*>(elements_.data()), elements_.size() / sizeof(float)},
                blocks_);
    writer_.write(blocks_);
  }

  uint64_t total_bytes() {
    if (total_bytes_ == 0) {
      for (const GgufSpec& spec : writer_.tensors()) total_bytes_ += ggml_byte_size(*spec.type, spec.shape);
    }
    return total_bytes_;
  }

  const TensorFile& source_;
  GgufWriter& writer_;
  const ProgressCallback& progress_;
  ThreadPool pool_;
  std::vector<std::byte> scratch_, elements_, blocks_;
  uint64_t done_bytes_ = 0, total_bytes_ = 0;
};

}  // namespace

void fit_to_gguf(ConversionPlan& plan) {
  const ModelInfo info = detect_model(*plan.source);
  std::unordered_map<const PlannedTensor*, DType> dtypes;
  with_context(plan.source->path(), [&] {
    for (const Item& item : Items(plan).run(architecture_for(info), info.n_layers)) {
      for (const PlannedTensor* part : item.parts) dtypes[part] = dtype_of(*item.spec.type);
    }
  });
  std::vector<PlannedTensor> written;
  for (PlannedTensor& tensor : plan.tensors) {
    if (const auto found = dtypes.find(&tensor); found != dtypes.end()) {
      tensor.spec.dtype = found->second;
      tensor.spec.layout = Layout::kOutIn;
      written.push_back(std::move(tensor));
    } else {
      plan.dropped.push_back(tensor.source.name);
    }
  }
  plan.tensors = std::move(written);
}

ConvertSummary export_gguf(const ConversionPlan& plan, const std::filesystem::path& target,
                           const Tokenizer* vocabulary, const ProgressCallback& progress) {
  const ModelInfo info = detect_model(*plan.source);
  return with_context(plan.source->path(), [&] {
    const GgufArchitecture& architecture = architecture_for(info);
    const std::vector<Item> items = Items(plan).run(architecture, info.n_layers);
    std::vector<GgufSpec> specs;
    for (const Item& item : items) specs.push_back(item.spec);
    GgufWriter writer(target, specs,
                      gguf_metadata(architecture.name, info, *specs[0].type, vocabulary, plan.metadata),
                      plan.stop);
    Export run(*plan.source, writer, progress, plan.n_threads);
    ConvertSummary summary;
    for (const Item& item : items) {
      const uint64_t n_overflowed = run.write(item);
      if (summary.n_overflowed == 0 && n_overflowed > 0) summary.overflowed_tensor = item.spec.name;
      summary.n_overflowed += n_overflowed;
      summary.bytes += ggml_byte_size(*item.spec.type, item.spec.shape);
      ++summary.n_tensors;
    }
    writer.commit();
    return summary;
  });
}

}  // namespace rwkv
