// JSON Schemas: an Error, or a constraint without dead ends.
#include <cstdint>

#include "fuzz/check_constraint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rwkv::check_constraint(rwkv::Language::kJsonSchema, {reinterpret_cast<const char*>(data), size});
  return 0;
}
