#include "convert/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace rwkv {

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> evp{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  // With this digest the functions fail only when there is no memory.
  void begin() const {
    if (!evp || EVP_DigestInit_ex(evp.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { context_->begin(); }
Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  if (EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

std::string Sha256::finish() {
  constexpr const char* kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned n_bytes = 0;
  if (EVP_DigestFinal_ex(context_->evp.get(), digest.data(), &n_bytes) != 1) throw std::bad_alloc();
  context_->begin();
  std::string text;
  for (const unsigned char byte : std::span(digest).first(n_bytes)) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace rwkv
