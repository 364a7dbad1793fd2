#include "formats/state_dict.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/checked_math.h"
#include "core/printable.h"
#include "formats/naming/prefixes.h"

namespace rwkv {
namespace {

constexpr size_t kMaxRank = 64;  // as in torch

// Under which training programs keep the model, one in another at most so often.
constexpr auto kWrappers =
    std::to_array<std::string_view>({"state_dict", "model_state_dict", "model", "module"});
constexpr size_t kMaxWrappers = 4;

constexpr std::string_view kRebuild = "torch._utils _rebuild_tensor";
constexpr std::string_view kRebuild2 = "torch._utils _rebuild_tensor_v2";

using Kind = PickleKind;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

const PickleValue& wanted(const PickleValue& value, Kind kind, const char* what) {
  if (value.kind != kind) fail(std::string("expected ") + what);
  return value;
}

uint64_t size_from(const PickleValue& value) {
  const int64_t number = wanted(value, Kind::kInt, "a whole number").number;
  if (number < 0) fail("negative size, offset or stride " + std::to_string(number));
  return static_cast<uint64_t>(number);
}

std::vector<uint64_t> sizes_from(const PickleValue& value) {
  const auto& items = wanted(value, Kind::kTuple, "a tuple of sizes").items;
  if (items.size() > kMaxRank) fail("of " + std::to_string(items.size()) + " dimensions");
  std::vector<uint64_t> sizes;
  sizes.reserve(items.size());
  for (const PickleValue* item : items) sizes.push_back(size_from(*item));
  return sizes;
}

std::optional<DType> storage_dtype(const PickleValue& storage_class) {
  if (storage_class.text == "torch.storage UntypedStorage") return DType::kU8;
  const DTypeInfo* info = find_dtype(&DTypeInfo::torch, storage_class.text);
  return info == nullptr ? std::nullopt : std::optional(info->dtype);
}

// ('storage', class, key, location, number of elements[, view]): the items of this tuple.
const std::vector<PickleValue*>& storage_id(const PickleValue& persistent_id) {
  const auto& id = wanted(*persistent_id.items.front(), Kind::kTuple, "a tuple that names a storage").items;
  const bool known =
      (id.size() == 5 || (id.size() == 6 && id[5]->kind == Kind::kNone)) && id[0]->text == "storage";
  if (!known) fail("a persistent id that names no storage");
  return id;
}

std::string_view storage_key(const PickleValue& persistent_id) {
  return wanted(*storage_id(persistent_id)[2], Kind::kText, "a storage's key").text;
}

struct StridedShape {
  Shape shape;
  std::vector<uint64_t> strides;  // in elements

  bool packed() const {
    uint64_t expected = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      if (shape[d] != 1 && strides[d] != expected) return false;
      expected *= shape[d];
    }
    return true;
  }

  // From the first element to behind the last; there is an element.
  uint64_t extent() const {
    uint64_t last = 0;
    for (size_t d = 0; d < shape.size(); ++d) last = checked_add(last, checked_mul(shape[d] - 1, strides[d]));
    return checked_add(last, 1);
  }
};

// The elements of a storage that are not used as they lie.
class StorageSource final : public TensorSource {
 public:
  explicit StorageSource(Storage storage) : storage_(std::move(storage)) {}
  void read(uint64_t first, std::span<std::byte> out) const override {
    const uint64_t begin = first * storage_.element_bytes;
    if (storage_.inflated != nullptr) {
      storage_.inflated->read(begin, out);
    } else {
      std::ranges::copy(storage_.bytes.subspan(begin, out.size()), out.begin());
    }
    if (!storage_.big_endian) return;
    for (; !out.empty(); out = out.subspan(storage_.element_bytes))
      std::ranges::reverse(out.first(storage_.element_bytes));
  }
  bool in_order() const override { return storage_.inflated != nullptr; }

 private:
  Storage storage_;
};

TensorView view_of(const Storage& storage, uint64_t offset, StridedShape strided) {
  const uint64_t count = element_count(strided.shape);
  TensorView view{{}, *storage.dtype, std::move(strided.shape), {}};
  if (count == 0) return view;
  const StridedShape checked{view.shape, strided.strides};
  const uint64_t extent = checked.extent(), element_bytes = storage.element_bytes;
  if (checked_add(offset, extent) > storage.n_elements) {
    fail("reaches element " + std::to_string(checked_add(offset, extent)) + " of a storage of " +
         std::to_string(storage.n_elements));
  }
  if (count > extent) {
    fail("shape " + to_string(view.shape) + " expands " + std::to_string(extent) + " stored elements");
  }
  if (!checked.packed()) view.strides = std::move(strided.strides);
  if (storage.inflated == nullptr && !storage.big_endian) {
    view.bytes = storage.bytes.subspan(offset * element_bytes, extent * element_bytes);
    return view;
  }
  view.bytes = storage.bytes;
  view.source = std::make_shared<StorageSource>(storage);
  view.first = offset;
  view.origin.transforms.emplace_back(storage.inflated != nullptr ? "inflated" : "byte order turned");
  return view;
}

const Storage& storage_at(const Storages& storages, std::string_view key) {
  const Storage& storage = storages.at(key);
  if (!storage.dtype) fail("elements of a kind that is not supported");
  const uint64_t size = checked_mul(storage.n_elements, storage.element_bytes);
  if (storage.size() < size) {
    fail("storage " + printable(key) + " has " + std::to_string(storage.size()) + " bytes, want " +
         std::to_string(size));
  }
  return storage;
}

// _rebuild_tensor_v2(storage, offset, sizes, strides, ...)
TensorView tensor_from(const PickleValue& call, const Storages& storages) {
  const std::string_view function = call.items[0]->text;
  if (function != kRebuild && function != kRebuild2)
    throw Error(ErrorKind::kUnsupported, "made by " + printable(function) + ", want a dense tensor");
  const auto& arguments = call.items[1]->items;
  if (arguments.size() < 4) fail("too few arguments");
  const auto key = storage_key(wanted(*arguments[0], Kind::kPersistentId, "a storage"));
  StridedShape strided{sizes_from(*arguments[2]), sizes_from(*arguments[3])};
  if (strided.shape.size() != strided.strides.size()) fail("as many strides as sizes expected");
  return view_of(storage_at(storages, key), size_from(*arguments[1]), std::move(strided));
}

struct Entry {
  std::string name;
  const PickleValue* tensor;
};

std::vector<Entry> tensor_entries(const PickleValue& dict) {
  std::vector<Entry> entries;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue *key = dict.items[i], *value = dict.items[i + 1];
    if (key->kind == Kind::kText && value->kind == Kind::kCall)
      entries.push_back({std::string(key->text), value});
  }
  return entries;
}

const PickleValue* find(const PickleValue& dict, std::string_view key) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i]->kind == Kind::kText && dict.items[i]->text == key) return dict.items[i + 1];
  }
  return nullptr;
}

bool names_a_model(const Entry& entry) { return is_block_name(without_prefixes(entry.name)); }

// The dict and those that it wraps, one in another.
std::vector<const PickleValue*> wrapped_dicts(const PickleValue& root) {
  std::vector<const PickleValue*> dicts = {&root};
  for (size_t i = 0; i < dicts.size() && i < kMaxWrappers; ++i) {
    for (const auto key : kWrappers) {
      const PickleValue* wrapped = find(*dicts[i], key);
      if (wrapped != nullptr && wrapped->kind == Kind::kDict) dicts.push_back(wrapped);
    }
  }
  return dicts;
}

// The tensors of the first dict that holds a model, else of the first that holds any.
std::vector<Entry> model_entries(const PickleValue& root) {
  std::vector<Entry> first;
  for (const PickleValue* dict : wrapped_dicts(root)) {
    auto entries = tensor_entries(*dict);
    if (std::ranges::any_of(entries, names_a_model)) return entries;
    if (first.empty()) first = std::move(entries);
  }
  return first;
}

std::vector<Entry> list_entries(const PickleValue& list) {
  std::vector<Entry> entries;
  for (const PickleValue* item : list.items) {
    if (item->kind == Kind::kCall) entries.push_back({std::to_string(entries.size()), item});
  }
  return entries;
}

}  // namespace

Storages storages_of(const Pickle& pickle) {
  Storages storages;
  for (const PickleValue* persistent_id : pickle.persistent_ids) {
    const auto& id = storage_id(*persistent_id);
    const auto key = storage_key(*persistent_id);
    const auto dtype = storage_dtype(*id[1]);
    const Storage storage{dtype, dtype ? dtype_info(*dtype).bytes : 0, size_from(*id[4])};
    const auto [known, is_new] = storages.emplace(key, storage);
    if (!is_new && (known->second.dtype != storage.dtype || known->second.n_elements != storage.n_elements)) {
      fail("storage " + printable(key) + " is described in two ways");
    }
  }
  return storages;
}

std::vector<TensorView> tensors_of(const Pickle& pickle, const Storages& storages) {
  const bool is_list = pickle.root->kind == Kind::kList || pickle.root->kind == Kind::kTuple;
  const PickleValue& root =
      is_list ? *pickle.root : wanted(*pickle.root, Kind::kDict, "a dict of tensors at the top");
  if (!is_list && find(root, "_strategy") != nullptr) {
    throw Error(ErrorKind::kUnsupported,
                "made by the rwkv pip package (convert_and_save_and_exit), which changes the weights; use "
                "the original "
                "checkpoint");
  }
  std::vector<TensorView> tensors;
  for (const Entry& entry : is_list ? list_entries(root) : model_entries(root)) {
    tensors.push_back(
        with_context(tensor_label(entry.name), [&] { return tensor_from(*entry.tensor, storages); }));
    tensors.back().name = entry.name;
  }
  if (tensors.empty()) fail("the pickled dict holds no tensors");
  return tensors;
}

}  // namespace rwkv
