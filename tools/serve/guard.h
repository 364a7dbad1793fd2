// Decides which requests are allowed: by Host, Origin and key.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.h"

namespace rwkv {

struct GuardOptions {
  std::vector<std::string> keys{};     // empty: no key is needed
  std::vector<std::string> hosts{};    // this server's names, beside addresses and localhost
  std::vector<std::string> origins{};  // origins whose pages may use the server; "*": all
  bool any_host = false;               // behind a socket, which no browser reaches
};

// The keys in a file, one a line; empty lines and lines that begin with # are skipped. Error: not readable,
// no key, or a key shorter than 16 characters.
std::vector<std::string> read_keys(const std::string& path);

// A page whose name points at this machine (DNS rebinding) sends its own name in Host: only addresses,
// localhost and `hosts` are allowed. `host` may have a port.
bool is_known_host(std::string_view host, const GuardOptions& options);
// Whether a page of this origin may use the server: the server's own origin, or one in `origins`. Requests of
// programs have no origin.
bool is_known_origin(std::string_view origin, std::string_view host, const GuardOptions& options);
// Takes a time that depends only on the keys' lengths.
bool has_key(std::string_view authorization, std::span<const std::string> keys);
// CORS: the headers that allow the page to read the answer.
HttpHeaders cors_headers(std::string_view origin, const GuardOptions& options);

}  // namespace rwkv
