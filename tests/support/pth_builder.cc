#include "support/pth_builder.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "support/pickle_writer.h"
#include "support/zip_writer.h"
#include "tensor/cast.h"

namespace rwkv {
namespace {

struct StorageSpec {
  std::string key;
  DType dtype;
  uint64_t n_elements;
  FillValues fill;
};

std::string storage_class(DType dtype) {
  constexpr std::string_view kModule = "torch ";
  return std::string(dtype_info(dtype).torch.substr(kModule.size()));
}

std::vector<uint64_t> strides_of(const PthTensor& tensor) {
  if (!tensor.strides.empty()) return tensor.strides;
  std::vector<uint64_t> strides(tensor.shape.size(), 1);
  for (size_t d = strides.size(); d-- > 1;) strides[d - 1] = strides[d] * tensor.shape[d];
  return strides;
}

uint64_t reach_of(const PthTensor& tensor) {
  const auto strides = strides_of(tensor);
  uint64_t reach = tensor.offset + 1;
  for (size_t d = 0; d < strides.size(); ++d) {
    if (tensor.shape[d] == 0) return tensor.offset;
    reach += (tensor.shape[d] - 1) * strides[d];
  }
  return reach;
}

std::vector<StorageSpec> storages_of(std::span<const PthTensor> tensors) {
  std::vector<StorageSpec> storages;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const PthTensor& tensor = tensors[i];
    const std::string key = tensor.storage.empty() ? std::to_string(i) : tensor.storage;
    const uint64_t wanted = tensor.storage_elements != 0 ? tensor.storage_elements : reach_of(tensor);
    const auto known = std::ranges::find(storages, key, &StorageSpec::key);
    if (known != storages.end()) {
      known->n_elements = std::max(known->n_elements, wanted);
    } else {
      storages.push_back({key, tensor.dtype, wanted, tensor.fill});
    }
  }
  return storages;
}

void write_tensor(PickleWriter& out, const PthTensor& tensor, const StorageSpec& storage, bool legacy) {
  out.global("torch._utils", "_rebuild_tensor_v2").raw("((").text("storage");
  out.global("torch", storage_class(storage.dtype)).text(storage.key).text("cpu");
  out.integer(static_cast<int64_t>(storage.n_elements)).raw(legacy ? "NtQ" : "tQ");
  out.integer(static_cast<int64_t>(tensor.offset)).tuple(tensor.shape).tuple(strides_of(tensor));
  out.raw("\x89").global("collections", "OrderedDict").raw(")RtR");
}

void write_dict(PickleWriter& out, std::span<const PthTensor> tensors, const PthOptions& options,
                bool legacy) {
  const auto storages = storages_of(tensors);
  if (options.ordered) {
    out.global("collections", "OrderedDict").raw(")R(");
  } else {
    out.raw("}(");
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string key = tensors[i].storage.empty() ? std::to_string(i) : tensors[i].storage;
    out.text(tensors[i].name);
    if (options.parameters) out.global("torch._utils", "_rebuild_parameter");
    write_tensor(out, tensors[i], *std::ranges::find(storages, key, &StorageSpec::key), legacy);
    if (options.parameters) out.raw("\x88").global("collections", "OrderedDict").raw(")R\x87R");
  }
  out.raw(options.extra).raw("u");
  if (options.ordered) out.raw("}").text("_metadata").raw("}sb");
}

std::string object_pickle(std::span<const PthTensor> tensors, const PthOptions& options, bool legacy) {
  PickleWriter out(options.protocol);
  if (!options.wrapper.empty()) out.raw("}(").text("epoch").integer(3).text(options.wrapper);
  write_dict(out, tensors, options, legacy);
  if (!options.wrapper.empty()) out.raw("u");
  return out.finish();
}

void put_values(DType dtype, std::span<const float> values, std::span<std::byte> out) {
  if (dtype_info(dtype).is_float) {
    cast_elements(DType::kF32, std::as_bytes(values), dtype, out);
    return;
  }
  const size_t element_bytes = dtype_info(dtype).bytes;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto number = static_cast<int64_t>(values[i]);
    std::memcpy(out.data() + i * element_bytes, &number, element_bytes);
  }
}

FillBytes bytes_of(const StorageSpec& storage) {
  return [&storage](uint64_t offset, std::span<std::byte> block) {
    const size_t element_bytes = dtype_info(storage.dtype).bytes;
    std::vector<float> values(block.size() / element_bytes);
    storage.fill(offset / element_bytes, values);
    put_values(storage.dtype, values, block);
  };
}

template <class Number>
std::string packed(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

void fill_plain(uint64_t first, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((first + i) * 37 % 256) / 64 - 2;
  }
}

std::string pth_pickle(std::span<const PthTensor> tensors, const PthOptions& options) {
  return object_pickle(tensors, options, false);
}

void write_pth(std::ostream& out, std::span<const PthTensor> tensors, const PthOptions& options) {
  ZipWriter zip(out, options.zip64);
  zip.add("archive/data.pkl", pth_pickle(tensors, options));
  zip.add("archive/byteorder", "little");
  for (const StorageSpec& storage : storages_of(tensors)) {
    zip.add("archive/data/" + storage.key, storage.n_elements * dtype_info(storage.dtype).bytes,
            bytes_of(storage));
  }
  zip.add("archive/version", "3\n");
  zip.finish();
}

void write_pth(const std::filesystem::path& path, std::span<const PthTensor> tensors,
               const PthOptions& options) {
  std::ofstream out(path, std::ios::binary);
  out.exceptions(std::ios::badbit | std::ios::failbit);
  write_pth(out, tensors, options);
}

std::string pth_zip(std::span<const PthTensor> tensors, const PthOptions& options) {
  std::ostringstream out;
  write_pth(out, tensors, options);
  return out.str();
}

std::string pth_legacy(std::span<const PthTensor> tensors, const PthOptions& options) {
  std::string file = PickleWriter().raw("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").finish();
  file += PickleWriter().integer(1001).finish();
  file += PickleWriter()
              .raw("}(")
              .text("protocol_version")
              .integer(1001)
              .text("little_endian")
              .raw("\x88u")
              .finish();
  file += object_pickle(tensors, options, true);
  const auto storages = storages_of(tensors);
  PickleWriter keys;
  keys.raw("](");
  for (const StorageSpec& storage : storages) keys.text(storage.key);
  file += keys.raw("e").finish();
  for (const StorageSpec& storage : storages) {
    std::string bytes(storage.n_elements * dtype_info(storage.dtype).bytes, '\0');
    bytes_of(storage)(0, std::as_writable_bytes(std::span(bytes)));
    file += packed(storage.n_elements) + bytes;
  }
  return file;
}

}  // namespace rwkv
