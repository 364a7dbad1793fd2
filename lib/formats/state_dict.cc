#include "formats/state_dict.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/checked_math.h"
#include "core/printable.h"

namespace rwkv {
namespace {

constexpr size_t kMaxRank = 64;  // as in torch

constexpr auto kWrappers = std::to_array<std::string_view>({"state_dict", "model", "module"});
constexpr auto kPrefixes = std::to_array<std::string_view>({"_forward_module.", "module.", "model."});

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

DType storage_dtype(const PickleValue& storage_class) {
  if (storage_class.text == "torch.storage UntypedStorage") return DType::kU8;
  const DTypeInfo* info = find_dtype(&DTypeInfo::torch, storage_class.text);
  if (info == nullptr) fail("unknown class of storage");
  return info->dtype;
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

TensorView view_of(const Storage& storage, uint64_t offset, StridedShape strided) {
  const uint64_t count = element_count(strided.shape);
  if (count == 0) return {{}, storage.dtype, std::move(strided.shape), {}, {}};
  const uint64_t extent = strided.extent(), element_bytes = dtype_info(storage.dtype).bytes;
  if (checked_add(offset, extent) > storage.n_elements) {
    fail("reaches element " + std::to_string(checked_add(offset, extent)) + " of a storage of " +
         std::to_string(storage.n_elements));
  }
  if (count > extent) {
    fail("shape " + to_string(strided.shape) + " expands " + std::to_string(extent) + " stored elements");
  }
  const auto bytes = storage.bytes.subspan(offset * element_bytes, extent * element_bytes);
  if (strided.packed()) return {{}, storage.dtype, std::move(strided.shape), bytes, {}};
  return {{}, storage.dtype, std::move(strided.shape), bytes, std::move(strided.strides)};
}

const Storage& storage_at(const Storages& storages, std::string_view key) {
  const auto& storage = storages.at(key);
  const uint64_t size = checked_mul(storage.n_elements, dtype_info(storage.dtype).bytes);
  if (storage.bytes.size() < size) {
    fail("storage " + printable(key) + " has " + std::to_string(storage.bytes.size()) + " bytes, want " +
         std::to_string(size));
  }
  return storage;
}

// _rebuild_tensor_v2(storage, offset, sizes, strides, ...)
TensorView tensor_from(const PickleValue& call, const Storages& storages) {
  const auto& arguments = call.items[1]->items;
  if (arguments.size() < 4) fail("too few arguments");
  const auto key = storage_key(wanted(*arguments[0], Kind::kPersistentId, "a storage"));
  StridedShape strided{sizes_from(*arguments[2]), sizes_from(*arguments[3])};
  if (strided.shape.size() != strided.strides.size()) fail("as many strides as sizes expected");
  return view_of(storage_at(storages, key), size_from(*arguments[1]), std::move(strided));
}

struct Entry {
  std::string_view name;
  const PickleValue* tensor;
};

std::vector<Entry> tensor_entries(const PickleValue& dict) {
  std::vector<Entry> entries;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue *key = dict.items[i], *value = dict.items[i + 1];
    if (key->kind == Kind::kText && value->kind == Kind::kCall) entries.push_back({key->text, value});
  }
  return entries;
}

const PickleValue* find(const PickleValue& dict, std::string_view key) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (dict.items[i]->kind == Kind::kText && dict.items[i]->text == key) return dict.items[i + 1];
  }
  return nullptr;
}

std::string_view without_prefixes(std::string_view name) {
  for (bool cut = true; cut;) {
    cut = false;
    for (const auto prefix : kPrefixes) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      cut = true;
    }
  }
  return name;
}

bool names_a_model(std::string_view name) { return name == "emb.weight" || name.starts_with("blocks."); }

// Only what stands in front of a name that is certainly RWKV's is a prefix: other models have names of their
// own that begin like one.
void cut_prefix(std::vector<Entry>& entries) {
  const auto known = [](const Entry& e) { return names_a_model(without_prefixes(e.name)); };
  const auto found = std::ranges::find_if(entries, known);
  if (found == entries.end()) return;
  const auto prefix = found->name.substr(0, found->name.size() - without_prefixes(found->name).size());
  for (Entry& entry : entries) {
    if (entry.name.starts_with(prefix)) entry.name.remove_prefix(prefix.size());
  }
}

// The tensors of the first dict that holds a model, else of the first that holds any.
std::vector<Entry> model_entries(const PickleValue& root) {
  std::vector<const PickleValue*> dicts = {&root};
  for (const auto key : kWrappers) {
    const PickleValue* wrapped = find(root, key);
    if (wrapped != nullptr && wrapped->kind == Kind::kDict) dicts.push_back(wrapped);
  }
  std::vector<Entry> first;
  for (const PickleValue* dict : dicts) {
    auto entries = tensor_entries(*dict);
    cut_prefix(entries);
    if (std::ranges::any_of(entries, names_a_model, &Entry::name)) return entries;
    if (first.empty()) first = std::move(entries);
  }
  return first;
}

}  // namespace

Storages storages_of(const Pickle& pickle) {
  Storages storages;
  for (const PickleValue* persistent_id : pickle.persistent_ids) {
    const auto& id = storage_id(*persistent_id);
    const auto key = storage_key(*persistent_id);
    const Storage storage{storage_dtype(*id[1]), size_from(*id[4]), {}};
    const auto [known, is_new] = storages.emplace(key, storage);
    if (!is_new && (known->second.dtype != storage.dtype || known->second.n_elements != storage.n_elements)) {
      fail("storage " + printable(key) + " is described in two ways");
    }
  }
  return storages;
}

std::vector<TensorView> tensors_of(const Pickle& pickle, const Storages& storages) {
  const PickleValue& root = wanted(*pickle.root, Kind::kDict, "a dict of tensors at the top");
  if (find(root, "_strategy") != nullptr) {
    throw Error(ErrorKind::kUnsupported,
                "made by the rwkv pip package (convert_and_save_and_exit), which changes the weights; use "
                "the original "
                "checkpoint");
  }
  std::vector<TensorView> tensors;
  for (const Entry& entry : model_entries(root)) {
    tensors.push_back(
        with_context(tensor_label(entry.name), [&] { return tensor_from(*entry.tensor, storages); }));
    tensors.back().name = entry.name;
  }
  if (tensors.empty()) fail("the pickled dict holds no tensors");
  return tensors;
}

}  // namespace rwkv
