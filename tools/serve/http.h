// HTTP for rwkv-serve's own code: whole requests; answers at once or in pieces.
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
  std::string method, path;  // the path without the query
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

// The answer to one request. Any thread may call these functions; calls after the client has gone, or after
// the end of the answer, do nothing.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(HttpResponse response) = 0;
  // An answer in pieces: begin (its body is the first piece), write, finish.
  virtual void begin(HttpResponse response) = 0;
  virtual void write(std::string piece) = 0;
  virtual void finish() = 0;
  // Runs `work` soon, in the order of the calls, on a network thread; not when the client has gone.
  virtual void post(std::function<void()> work) = 0;
  // Calls `callback` once if the client goes away before the end of the answer, or has gone already.
  virtual void on_gone(std::function<void()> callback) = 0;
};

struct HttpLimits {
  uint32_t header_bytes = 16 << 10;
  uint64_t body_bytes = uint64_t{16} << 20;
  size_t unsent_bytes = 4 << 20;  // of an answer in pieces; the connection of a slower client is closed
  size_t connections = 512;
  unsigned idle_s = 75;  // limit for a request's header to arrive
  unsigned body_s = 60;  // limit for its body to arrive
  unsigned send_s = 30;  // limit for the client to take a piece; longer for large pieces
};

struct HttpHandlers {
  // Called before a body is read; returning an answer refuses the request.
  std::function<std::optional<HttpResponse>(const HttpRequest& head)> check;
  // Answers the request, now or later.
  std::function<void(HttpRequest request, std::shared_ptr<Responder> responder)> handle;
  // The body of an answer that HTTP itself causes: 400, 408, 413, 431, 503.
  std::function<std::string(unsigned status, const std::string& message)> error_body;
};

}  // namespace rwkv
