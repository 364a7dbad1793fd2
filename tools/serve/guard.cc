#include "serve/guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "core/lower_case.h"

namespace rwkv {
namespace {

constexpr size_t kLeastKeyBytes = 16;

bool is_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

// "[::1]:80" is "::1", "Example.com:80" "example.com".
std::string without_port(std::string_view host) {
  if (!host.starts_with('[')) return lower_case(host.substr(0, host.find(':')));
  const size_t end = host.find(']');
  return end == std::string_view::npos ? std::string() : lower_case(host.substr(1, end - 1));
}

// Every byte of the key is looked at, whatever the given text is.
bool equal(std::string_view given, std::string_view key) {
  unsigned difference = given.size() == key.size() ? 0 : 1;
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned>(static_cast<unsigned char>(c) ^ static_cast<unsigned char>(key[i]));
  }
  return difference == 0;
}

}  // namespace

std::vector<std::string> read_keys(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> keys;
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (line.size() < kLeastKeyBytes)
      throw Error(ErrorKind::kUsage,
                  path + ": a key is shorter than " + std::to_string(kLeastKeyBytes) + " characters");
    keys.push_back(line);
  }
  if (in.bad() || !in.eof()) throw Error(ErrorKind::kIo, path + ": cannot read");
  if (keys.empty()) throw Error(ErrorKind::kUsage, path + ": no key, want one a line");
  return keys;
}

bool is_known_host(std::string_view host, const GuardOptions& options) {
  if (options.any_host) return true;
  const std::string name = without_port(host);
  return is_address(name) || name == "localhost" || name.ends_with(".localhost") ||
         std::ranges::find(options.hosts, name, [](const std::string& known) { return lower_case(known); }) !=
             options.hosts.end();
}

bool is_known_origin(std::string_view origin, std::string_view host, const GuardOptions& options) {
  if (origin.empty()) return true;
  const size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && lower_case(origin.substr(scheme + 3)) == lower_case(host))
    return true;
  return !cors_headers(origin, options).empty();
}

bool has_key(std::string_view authorization, std::span<const std::string> keys) {
  constexpr std::string_view kBearer = "Bearer ";
  const bool is_bearer = authorization.starts_with(kBearer);
  const std::string_view given = is_bearer ? authorization.substr(kBearer.size()) : std::string_view();
  bool found = false;
  for (const std::string& key : keys) found |= equal(given, key);
  return found;
}

HttpHeaders cors_headers(std::string_view origin, const GuardOptions& options) {
  for (const std::string& known : options.origins) {
    if (origin.empty() || (known != "*" && known != origin)) continue;
    return {{"Access-Control-Allow-Origin", std::string(origin)},
            {"Vary", "Origin"},
            {"Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"},
            {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
            {"Access-Control-Max-Age", "600"}};
  }
  return {};
}

}  // namespace rwkv
