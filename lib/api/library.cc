// The C interface: the library itself, conversion.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "api/boundary.h"
#include "checkpoint/convert.h"
#include "core/available_threads.h"
#include "formats/tensor_file.h"
#include "kernels/targets.h"

namespace {

using namespace rwkv;

DType dtype_named(const char* name) {
  std::string names;
  for (const DTypeInfo& info : kDTypes) {
    if (!info.has_products || info.elements) continue;
    if (info.name == name) return info.dtype;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  refuse("dtype is '" + std::string(name) + "', want one of " + names);
}

Layout layout_named(const char* name) {
  const auto layout = find_layout(name);
  if (!layout || layout == Layout::kInOut)
    refuse("layout is '" + std::string(name) + "', want rows or tiles");
  return *layout;
}

// The dtype whose products round what they meet.
DType rounding(std::optional<DType> dtype) {
  const auto found = std::ranges::find_if(
      kDTypes, [&](const DTypeInfo& info) { return info.elements && info.elements == dtype; });
  if (found == std::end(kDTypes)) refuse("activations bf16 wants dtype bf16");
  return found->dtype;
}

bool are_rounded(const char* activations) {
  const std::string_view name = activations != nullptr ? activations : "f32";
  if (name != "f32" && name != "bf16") refuse("activations is '" + std::string(name) + "', want f32 or bf16");
  return name == "bf16";
}

ConvertOptions convert_options(const rwkv_convert_options& given) {
  ConvertOptions options;
  if (given.dtype != nullptr) options.dtype = dtype_named(given.dtype);
  if (are_rounded(given.activations)) options.dtype = rounding(options.dtype);
  if (given.layout != nullptr) options.layout = layout_named(given.layout);
  options.n_threads = given.n_threads == 0 ? available_threads() : given.n_threads;
  if (options.layout == Layout::kOutIn && options.dtype) {
    if (is_quantised(*options.dtype)) refuse("layout rows does not go with " + std::string(given.dtype));
    if (elements_of(*options.dtype) != *options.dtype)
      refuse("layout rows does not go with activations bf16");
  }
  return options;
}

}  // namespace

const char* rwkv_version() { return RWKV_VERSION; }

void rwkv_target(char* name, size_t capacity) {
  if (name == nullptr || capacity == 0) return;
  const std::string target = current_target();
  const size_t n = std::min(target.size(), capacity - 1);
  std::memcpy(name, target.data(), n);
  name[n] = '\0';
}

int rwkv_pin_target(const char* name, rwkv_error* error) {
  return guarded(error, [&] {
    pin_target(&given(name, "name"));
    return RWKV_OK;
  });
}

int rwkv_convert(const char* in, const char* out, const rwkv_convert_options* options, rwkv_error* error) {
  return guarded(error, [&] {
    const auto o = read_struct(options, rwkv_convert_options RWKV_CONVERT_OPTIONS_INIT, "options");
    const ConvertOptions wanted = convert_options(o);
    const TensorFile source = TensorFile::open(&given(in, "in"));
    convert(source, &given(out, "out"), wanted, [&](uint64_t done, uint64_t total) {
      if (o.progress != nullptr && o.progress(done, total, o.context) != 0) {
        throw Error(ErrorKind::kInterrupted, "cancelled");
      }
    });
    return RWKV_OK;
  });
}
