// Who may ask: the Host and Origin that a request names, and its key.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

namespace rwkv {

struct GuardOptions {
  std::vector<std::string> keys{};   // empty: anybody may ask
  std::vector<std::string> hosts{};  // names under which this server is known, beside addresses and localhost
  std::vector<std::string> origins{};  // whose pages may ask; "*": all
  bool any_host = false;               // behind a socket that no browser reaches
};

// The keys in a file, one a line; empty lines and such as begin with # do not count. Error: not readable, no
// key, or one shorter than 16 characters.
std::vector<std::string> read_keys(const std::string& path);

// A page whose name has been pointed at this machine (DNS rebinding) names itself in Host: only addresses,
// localhost and `hosts` pass. `host` may have a port.
bool is_known_host(std::string_view host, const GuardOptions& options);
// Whether a page of this origin may ask: the server's own, or one that is allowed. Requests of programs have
// none.
bool is_known_origin(std::string_view origin, std::string_view host, const GuardOptions& options);
// In a time that depends on the keys' lengths alone.
bool has_key(std::string_view authorization, std::span<const std::string> keys);
// CORS: what allows the page to read the answer.
HttpHeaders cors_headers(std::string_view origin, const GuardOptions& options);

}  // namespace rwkv
