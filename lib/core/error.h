// The library's one exception.
#pragma once
#include <stdexcept>
#include <string>

namespace rwkv {

enum class ErrorKind { kUsage, kIo, kFormat, kUnsupported, kInterrupted };

// what() is one line: the subject (tensor, byte offset, option), what was found, what was wanted. Outer
// layers put the file's name in front by in_context(), once.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }
  Error in_context(const std::string& where) const { return {kind_, where + ": " + what()}; }

 private:
  ErrorKind kind_;
};

// Runs `body`; puts `where` in front of the message of an Error that leaves it, unless it is kInterrupted.
template <class Body>
auto with_context(const std::string& where, Body&& body) {
  try {
    return body();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    throw e.in_context(where);
  }
}

}  // namespace rwkv
