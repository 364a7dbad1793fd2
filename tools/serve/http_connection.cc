#include "serve/http_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <cstdio>
#include <utility>

namespace rwkv {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

// Of what a client sends while its request is being answered.
constexpr size_t kMaxAheadBytes = 64 << 10;

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

std::string chunk_of(const std::string& piece) {
  char size[24];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return size + piece + "\r\n";
}

}  // namespace

// Brings calls to the connection's strand, and leaves out those to an answer that is over.
class Exchange : public Responder {
 public:
  Exchange(std::shared_ptr<HttpConnection> connection, uint64_t number)
      : connection_(std::move(connection)), number_(number) {}

  void respond(HttpResponse response) override {
    on_strand([response = std::move(response)](HttpConnection& c) { c.respond(response); });
  }
  void begin(HttpResponse response) override {
    on_strand([response = std::move(response)](HttpConnection& c) {
      c.send_head(response, true);
      c.send_piece(response.body);
    });
  }
  void write(std::string piece) override {
    on_strand([piece = std::move(piece)](HttpConnection& c) { c.send_piece(piece); });
  }
  void finish() override {
    on_strand([](HttpConnection& c) {
      if (c.chunked_) c.send("0\r\n\r\n");
      c.end_answer();
    });
  }
  void post(std::function<void()> work) override {
    on_strand([work = std::move(work)](HttpConnection& c) {
      try {
        work();
      } catch (const std::exception& e) {
        c.break_off(e.what());
      }
    });
  }
  void on_gone(std::function<void()> callback) override {
    asio::post(connection_->stream_.get_executor(),
               [c = connection_, number = number_, callback = std::move(callback)] {
                 if (c->gone_) return callback();
                 if (c->n_requests_ == number && !c->ended_) c->on_gone_ = callback;
               });
  }

 private:
  template <class Body>
  void on_strand(Body body) {
    asio::post(connection_->stream_.get_executor(),
               [c = connection_, number = number_, body = std::move(body)] {
                 if (!c->gone_ && !c->ended_ && c->n_requests_ == number) body(*c);
               });
  }

  std::shared_ptr<HttpConnection> connection_;
  uint64_t number_;
};

HttpConnection::HttpConnection(Socket socket, HttpShared& shared)
    : stream_(std::move(socket)), shared_(shared) {
  ++shared_.n_connections;
}

HttpConnection::~HttpConnection() {
  if (answering_) --shared_.n_answering;
  --shared_.n_connections;
}

void HttpConnection::start() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->read_header(); });
}

void HttpConnection::refuse() {
  asio::post(stream_.get_executor(),
             [self = shared_from_this()] { self->refuse_request(503, "too many connections"); });
}

void HttpConnection::read_header() {
  parser_.emplace();
  parser_->header_limit(shared_.limits.header_bytes);
  parser_->body_limit(shared_.limits.body_bytes);
  answering_ = begun_ = ended_ = false;
  stream_.expires_after(std::chrono::seconds(shared_.limits.idle_s));
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->on_header(error); });
}

void HttpConnection::on_header(Error error) {
  if (error) return fail(error);
  const auto& message = parser_->get();
  is_head_ = message.method() == http::verb::head;
  keep_alive_ = message.keep_alive();
  if (shared_.draining) return refuse_request(503, "the server is shutting down");
  if (const auto refusal = shared_.handlers.check(head())) return refuse_request(*refusal);
  if (beast::iequals(message[http::field::expect], "100-continue")) send("HTTP/1.1 100 Continue\r\n\r\n");
  read_body();
}

void HttpConnection::read_body() {
  if (unsent_.empty()) stream_.expires_after(std::chrono::seconds(shared_.limits.body_s));
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, size_t) { self->on_request(error); });
}

HttpRequest HttpConnection::head() const {
  const auto& message = parser_->get();
  HttpRequest request;
  request.method = text_of(message.method_string());
  request.path = text_of(message.target());
  request.path.erase(std::min(request.path.find('?'), request.path.size()));
  request.host = text_of(message[http::field::host]);
  request.origin = text_of(message[http::field::origin]);
  request.authorization = text_of(message[http::field::authorization]);
  return request;
}

void HttpConnection::on_request(Error error) {
  if (error) return fail(error);
  HttpRequest request = head();
  request.body = std::move(parser_->get().body());
  ++n_requests_;
  answering_ = true;
  ++shared_.n_answering;
  watch();
  auto exchange = std::make_shared<Exchange>(shared_from_this(), n_requests_);
  try {
    shared_.handlers.handle(std::move(request), exchange);
  } catch (const std::exception& e) {
    exchange->respond({500, shared_.handlers.error_body(500, e.what())});
  }
}

void HttpConnection::fail(Error error) {
  if (error == http::error::body_limit)
    return refuse_request(413,
                          "the body is longer than " + std::to_string(shared_.limits.body_bytes) + " bytes");
  if (error == http::error::header_limit) return refuse_request(431, "the header is too long");
  // Nobody needs to know about timeouts and connections that end.
  const bool is_http = error.category() == http::make_error_code(http::error::bad_method).category();
  if (!is_http || error == http::error::end_of_stream || error == http::error::partial_message)
    return leave();
  refuse_request(400, "not HTTP: " + error.message());
}

void HttpConnection::refuse_request(unsigned status, const std::string& message) {
  refuse_request({status, shared_.handlers.error_body(status, message)});
}

// What follows the request's header was not read, so the connection ends.
void HttpConnection::refuse_request(const HttpResponse& refusal) {
  keep_alive_ = false;
  ++n_requests_;
  answering_ = true;
  ++shared_.n_answering;
  respond(refusal);
}

void HttpConnection::respond(const HttpResponse& response) {
  send_head(response, false);
  if (!is_head_) send(response.body);
  end_answer();
}

// An answer that has begun can only be cut off.
void HttpConnection::break_off(const std::string& message) {
  if (begun_) return leave();
  respond({500, shared_.handlers.error_body(500, message)});
}

// Reads ahead while an answer is made: that is how a client is seen to go away.
void HttpConnection::watch() {
  if (buffer_.size() >= kMaxAheadBytes) return;
  watching_ = true;
  if (unsent_.empty()) stream_.expires_never();
  stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](Error error, size_t n) {
    self->watching_ = false;
    self->buffer_.commit(n);
    if (self->gone_) return;
    if (self->ended_ && self->unsent_.empty()) return self->after_answer();
    if (error) return self->leave();
    self->watch();
  });
}

void HttpConnection::send_head(const HttpResponse& response, bool in_pieces) {
  begun_ = true;
  const bool is_1_0 = parser_ && parser_->get().version() < 11;
  chunked_ = in_pieces && !is_1_0 && !is_head_;
  if ((in_pieces && is_1_0) || shared_.draining) keep_alive_ = false;
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                     text_of(http::obsolete_reason(static_cast<http::status>(response.status))) +
                     "\r\nContent-Type: " + response.content_type;
  if (chunked_) head += "\r\nTransfer-Encoding: chunked";
  if (!in_pieces) head += "\r\nContent-Length: " + std::to_string(response.body.size());
  head += keep_alive_ ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  head += "\r\nX-Content-Type-Options: nosniff";
  for (const auto& [name, value] : response.headers)
    head.append("\r\n").append(name).append(": ").append(value);
  send(head + "\r\n\r\n");
}

void HttpConnection::send_piece(const std::string& piece) {
  if (piece.empty() || is_head_) return;
  send(chunked_ ? chunk_of(piece) : piece);
  if (unsent_bytes_ > shared_.limits.unsent_bytes) leave();
}

void HttpConnection::send(std::string bytes) {
  if (bytes.empty()) return;
  unsent_bytes_ += bytes.size();
  unsent_.push_back(std::move(bytes));
  if (unsent_.size() == 1) write_next();
}

void HttpConnection::write_next() {
  constexpr size_t kLeastRate = 64 << 10;  // bytes a second
  const std::string& bytes = unsent_.front();
  stream_.expires_after(std::chrono::seconds(shared_.limits.send_s + bytes.size() / kLeastRate));
  asio::async_write(stream_, asio::buffer(bytes), [self = shared_from_this()](Error error, size_t) {
    if (self->gone_) return;
    if (error) return self->leave();
    self->unsent_bytes_ -= self->unsent_.front().size();
    self->unsent_.pop_front();
    if (!self->unsent_.empty()) return self->write_next();
    if (!self->ended_) return;
    // The next request is read when the reading ahead has come to its end.
    if (self->watching_) {
      self->stream_.cancel();
    } else {
      self->after_answer();
    }
  });
}

void HttpConnection::end_answer() {
  ended_ = true;
  on_gone_ = nullptr;
  if (unsent_.empty() && !watching_) after_answer();
}

void HttpConnection::after_answer() {
  if (!answering_) return;
  answering_ = false;
  --shared_.n_answering;
  if (keep_alive_ && !shared_.draining) return read_header();
  Error ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  stream_.expires_after(std::chrono::seconds(2));
  linger();
}

// Closing while the client still sends would reset the connection, and the answer might be lost.
void HttpConnection::linger() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kMaxAheadBytes), [self = shared_from_this()](Error error, size_t) {
    if (error) return self->leave();
    self->linger();
  });
}

void HttpConnection::leave() {
  if (gone_) return;
  gone_ = true;
  Error ignored;
  stream_.socket().close(ignored);
  if (const auto callback = std::exchange(on_gone_, nullptr)) callback();
}

}  // namespace rwkv
