// SHA-256, by libcrypto.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace rwkv {

class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::span<const std::byte> bytes);
  // The digest of all added bytes: 64 digits, lower case. Begins anew.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace rwkv
