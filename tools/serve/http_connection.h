// One client's connection: request after request.
#pragma once
#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "serve/http.h"

namespace rwkv {

// Shared by the connections and their server.
struct HttpShared {
  HttpLimits limits;
  HttpHandlers handlers;
  std::atomic<size_t> n_connections = 0, n_answering = 0;
  std::atomic<bool> draining = false;
};

// Lives as long as an operation on it is pending or an answer to it exists. Runs on the executor of its
// socket, which is a strand.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  HttpConnection(Socket socket, HttpShared& shared);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  void start();
  // Answers that there are too many connections, and closes.
  void refuse();

 private:
  friend class Exchange;
  using Error = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void read_header();
  void on_header(Error error);
  void read_body();
  void on_request(Error error);
  HttpRequest head() const;
  void fail(Error error);
  void refuse_request(unsigned status, const std::string& message);
  void refuse_request(const HttpResponse& refusal);
  void watch();

  void respond(const HttpResponse& response);
  void break_off(const std::string& message);
  void send_head(const HttpResponse& response, bool in_pieces);
  void send(std::string bytes);
  void send_piece(const std::string& piece);
  void write_next();
  void end_answer();
  void after_answer();
  void linger();
  void leave();

  boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
  HttpShared& shared_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  uint64_t n_requests_ = 0;  // the number of the request that is being answered
  bool answering_ = false, begun_ = false, ended_ = false, keep_alive_ = false, is_head_ = false,
       chunked_ = false;
  bool watching_ = false, gone_ = false;
  std::function<void()> on_gone_;
  std::deque<std::string> unsent_;
  size_t unsent_bytes_ = 0;
};

}  // namespace rwkv
