#include "api/boundary.h"

#include <new>
#include <system_error>

namespace rwkv {
namespace {

rwkv_code code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return RWKV_USAGE;
    case ErrorKind::kIo:
      return RWKV_IO;
    case ErrorKind::kFormat:
      return RWKV_FORMAT;
    case ErrorKind::kUnsupported:
      return RWKV_UNSUPPORTED;
    case ErrorKind::kInterrupted:
      return RWKV_CANCELLED;
  }
  return RWKV_INTERNAL;
}

}  // namespace

rwkv_code report(rwkv_error* error, rwkv_code code, const char* message) noexcept {
  if (error != nullptr) {
    error->code = code;
    const size_t n = std::min(std::strlen(message), sizeof error->message - 1);
    std::memcpy(error->message, message, n);
    error->message[n] = '\0';
  }
  return code;
}

rwkv_code report_exception(rwkv_error* error) noexcept {
  try {
    throw;
  } catch (const Error& e) {
    return report(error, code_of(e.kind()), e.what());
  } catch (const std::bad_alloc&) {
    return report(error, RWKV_MEMORY, "out of memory");
  } catch (const std::system_error& e) {
    return report(error, RWKV_IO, e.what());
  } catch (const std::exception& e) {
    return report(error, RWKV_INTERNAL, e.what());
  } catch (...) {
    return report(error, RWKV_INTERNAL, "unknown exception");
  }
}

}  // namespace rwkv
