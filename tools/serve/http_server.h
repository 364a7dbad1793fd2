// Accepts connections and serves HTTP/1.1 on them.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "serve/http.h"

namespace rwkv {

class HttpServer {
 public:
  // Listens on "HOST:PORT" (port 0: any free one), "[HOST]:PORT" or "unix:PATH". Replaces a socket that an
  // earlier run left at PATH, but no other file. Error kUsage: not such an address; kIo: the address is not
  // available.
  HttpServer(const std::string& address, const HttpLimits& limits, HttpHandlers handlers);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Its address: "http://127.0.0.1:8080", or unix:PATH.
  std::string url() const;
  // Serves, on `n_threads` beside this one, until `stop` returns true (asked every few milliseconds); then
  // accepts no more connections and returns when the unfinished answers have ended, or after `drain_s`
  // seconds.
  void run(size_t n_threads, const std::function<bool()>& stop, unsigned drain_s);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rwkv
