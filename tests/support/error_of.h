// What a call is refused with.
#pragma once
#include <string>

#include "core/error.h"

namespace rwkv {

// The message of the Error that leaves `body`, or "accepted".
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace rwkv
