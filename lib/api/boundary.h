// The border between C and C++: no exception crosses it, and callers' arguments are checked at it.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "core/error.h"
#include "rwkv/rwkv.h"

namespace rwkv {

// Describes the exception in flight in the caller's *error (unless null), and returns its code.
rwkv_code report_exception(rwkv_error* error) noexcept;
rwkv_code report(rwkv_error* error, rwkv_code code, const char* message) noexcept;

// Runs `body`, which returns a code. For functions that fail by a code.
template <class Body>
int guarded(rwkv_error* error, Body&& body) noexcept {
  try {
    report(error, RWKV_OK, "");
    return body();
  } catch (...) {
    return report_exception(error);
  }
}

// For functions that fail by NULL.
template <class Body>
auto guarded_pointer(rwkv_error* error, Body&& body) noexcept -> decltype(body()) {
  try {
    report(error, RWKV_OK, "");
    return body();
  } catch (...) {
    report_exception(error);
    return nullptr;
  }
}

[[noreturn]] inline void refuse(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

// *pointer. Error kUsage when it is null.
template <class T>
T& given(T* pointer, const char* name) {
  if (pointer == nullptr) refuse(std::string(name) + " is NULL");
  return *pointer;
}

// A structure that begins with `size`, in this version's form: `defaults`, overwritten by the caller's
// fields. Error kUsage for a size that no version has had.
template <class T>
T read_struct(const T* callers, T defaults, const char* name) {
  if (callers == nullptr) return defaults;
  const size_t size = callers->size;
  if (size < sizeof(size_t) || size > sizeof(T)) {
    refuse(std::string(name) + ".size is " + std::to_string(size) + ", want at most " +
           std::to_string(sizeof(T)));
  }
  std::memcpy(&defaults, callers, size);
  return defaults;
}

// Fills as much of *target as the caller's structure has room for.
template <class T>
void write_struct(T* target, T value, const char* name) {
  value.size = std::min(given(target, name).size, sizeof(T));
  if (value.size < sizeof(size_t)) refuse(std::string(name) + ".size is not set");
  std::memcpy(target, &value, value.size);
}

// Copies `items` to the caller's buffer, all or none, and stores their number.
template <class Items, class T>
int write_buffer(const Items& items, T* target, size_t capacity, size_t* n_items, rwkv_error* error) {
  if (n_items != nullptr) *n_items = items.size();
  if (items.size() > capacity) {
    const std::string message =
        "room for " + std::to_string(capacity) + ", want " + std::to_string(items.size());
    return report(error, RWKV_TOO_SMALL, message.c_str());
  }
  if (!items.empty()) std::ranges::copy(items, &given(target, "buffer"));
  return RWKV_OK;
}

// Error kUsage when an id is not below n_vocab, or when `ids` is null but n_ids is not 0.
inline void check_ids(const uint32_t* ids, size_t n_ids, size_t n_vocab) {
  if (n_ids > 0) given(ids, "ids");
  for (size_t i = 0; i < n_ids; ++i) {
    if (ids[i] >= n_vocab) {
      refuse("id " + std::to_string(ids[i]) + " at position " + std::to_string(i) + ": the vocabulary has " +
             std::to_string(n_vocab) + " ids");
    }
  }
}

}  // namespace rwkv
