// HTTP as rwkv-serve's own code sees it: requests that are whole, and answers, at once or in pieces.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rwkv {

struct HttpRequest {
  std::string method, path;  // the path without its query
  std::string host, origin, authorization;
  std::string body;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  unsigned status = 200;
  std::string body{};
  std::string content_type = "application/json";
  HttpHeaders headers{};
};

// The answer to one request. May be called by any thread; what comes after the client has gone, or after the
// answer's end, does nothing.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(HttpResponse response) = 0;
  // An answer in pieces: begin (body is its first piece), write, finish.
  virtual void begin(HttpResponse response) = 0;
  virtual void write(std::string piece) = 0;
  virtual void finish() = 0;
  // Runs `work` soon, one after the other, on a thread of the network; not when the client has gone.
  virtual void post(std::function<void()> work) = 0;
  // To be called, once, when the client goes away before the answer's end; at once when it has gone.
  virtual void on_gone(std::function<void()> callback) = 0;
};

struct HttpLimits {
  uint32_t header_bytes = 16 << 10;
  uint64_t body_bytes = uint64_t{16} << 20;
  size_t unsent_bytes = 4 << 20;  // of an answer in pieces; a client that takes it more slowly is left
  size_t connections = 512;
  unsigned idle_s = 75;  // until a request's header has come
  unsigned body_s = 60;  // until its body has come
  unsigned send_s = 30;  // until the client has taken a piece; longer for large ones
};

struct HttpHandlers {
  // Asked before a body is read; an answer refuses the request.
  std::function<std::optional<HttpResponse>(const HttpRequest& head)> check;
  // Answers by and by.
  std::function<void(HttpRequest request, std::shared_ptr<Responder> responder)> handle;
  // The body of an answer that HTTP itself is the reason for: 400, 408, 413, 431, 503.
  std::function<std::string(unsigned status, const std::string& message)> error_body;
};

}  // namespace rwkv
