// Accepts connections and serves HTTP/1.1 on them.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "serve/http.h"

namespace rwkv {

class HttpServer {
 public:
  // Listens on "HOST:PORT" (port 0: any that is free), "[HOST]:PORT" or "unix:PATH". A socket that another
  // run has left behind at PATH is replaced, anything else there is not. Error kUsage: not such an address;
  // kIo: it cannot be had.
  HttpServer(const std::string& address, const HttpLimits& limits, HttpHandlers handlers);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  // Where it listens: "http://127.0.0.1:8080", or the unix:PATH.
  std::string url() const;
  // Serves, on `n_threads` beside this one, until `stop` says true, which is asked every few milliseconds;
  // then takes no more connections and returns when the answers that were begun have ended, or after
  // `drain_s`.
  void run(size_t n_threads, const std::function<bool()>& stop, unsigned drain_s);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rwkv
