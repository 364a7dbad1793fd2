#include "serve/http_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "serve/http_connection.h"

namespace rwkv {
namespace {

namespace asio = boost::asio;
using Protocol = asio::generic::stream_protocol;
using boost::system::error_code;

constexpr std::string_view kUnix = "unix:";
constexpr auto kTick = std::chrono::milliseconds(20);

struct Address {
  std::string host, port, path;  // a path, or the others
};

Address parse_address(const std::string& text) {
  if (text.starts_with(kUnix)) return {.host = "", .port = "", .path = text.substr(kUnix.size())};
  const size_t colon = text.rfind(':');
  uint16_t number = 0;
  const char *begin = text.data() + colon + 1, *end = text.data() + text.size();
  if (colon == std::string::npos || colon == 0 || std::from_chars(begin, end, number).ptr != end ||
      begin == end)
    throw Error(ErrorKind::kUsage, "--listen is '" + text + "', want HOST:PORT or unix:PATH");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, text.substr(colon + 1), ""};
}

// Removes a socket that nobody listens on; a file that is no socket stays, and binding fails.
void remove_dead_socket(const std::string& path, asio::io_context& io) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return;
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.connect(path, error);
  if (error) ::unlink(path.c_str());
}

}  // namespace

struct HttpServer::Impl {
  HttpShared shared;  // outlives the connections that `io` holds
  asio::io_context io;
  asio::basic_socket_acceptor<Protocol> acceptor{io};
  asio::steady_timer pause{io}, tick{io};
  Address address;
  std::string url;

  void listen(const std::string& text);
  void accept();
  void on_tick(const std::function<bool()>& stop, std::chrono::steady_clock::time_point deadline,
               unsigned drain_s);
};

void HttpServer::Impl::listen(const std::string& text) {
  address = parse_address(text);
  Protocol::endpoint endpoint;
  if (!address.path.empty()) {
    remove_dead_socket(address.path, io);
    endpoint = asio::local::stream_protocol::endpoint(address.path);
  } else {
    const auto found =
        asio::ip::tcp::resolver(io).resolve(address.host, address.port, asio::ip::tcp::resolver::passive);
    endpoint = found.begin()->endpoint();
  }
  acceptor.open(endpoint.protocol());
  if (address.path.empty()) acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen();
  url = text;
  if (!address.path.empty()) return;
  const auto bound = acceptor.local_endpoint();
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), bound.data(), std::min(bound.size(), tcp.capacity()));
  url = "http://" + (address.host.find(':') == std::string::npos ? address.host : '[' + address.host + ']') +
        ':' + std::to_string(tcp.port());
}

void HttpServer::Impl::accept() {
  acceptor.async_accept(asio::make_strand(io), [this](error_code error, auto socket) {
    if (!acceptor.is_open()) return;
    if (error) {  // no descriptor is left, perhaps
      pause.expires_after(std::chrono::milliseconds(100));
      pause.async_wait([this](error_code) { accept(); });
      return;
    }
    const bool too_many = shared.n_connections >= shared.limits.connections;
    const auto connection = std::make_shared<HttpConnection>(std::move(socket), shared);
    if (too_many) {
      connection->refuse();
    } else {
      connection->start();
    }
    accept();
  });
}

void HttpServer::Impl::on_tick(const std::function<bool()>& stop,
                               std::chrono::steady_clock::time_point deadline, unsigned drain_s) {
  if (!shared.draining && stop()) {
    shared.draining = true;
    deadline = std::chrono::steady_clock::now() + std::chrono::seconds(drain_s);
    error_code ignored;
    acceptor.close(ignored);
  }
  if (shared.draining && (shared.n_answering == 0 || std::chrono::steady_clock::now() > deadline))
    return io.stop();
  tick.expires_after(kTick);
  tick.async_wait([this, stop, deadline, drain_s](error_code) { on_tick(stop, deadline, drain_s); });
}

HttpServer::HttpServer(const std::string& address, const HttpLimits& limits, HttpHandlers handlers)
    : impl_(std::make_unique<Impl>()) {
  impl_->shared.limits = limits;
  impl_->shared.handlers = std::move(handlers);
  try {
    impl_->listen(address);
  } catch (const boost::system::system_error& e) {
    throw Error(ErrorKind::kIo, "cannot listen on " + address + ": " + e.code().message());
  }
}

HttpServer::~HttpServer() {
  if (!impl_->address.path.empty()) ::unlink(impl_->address.path.c_str());
}

std::string HttpServer::url() const { return impl_->url; }

void HttpServer::run(size_t n_threads, const std::function<bool()>& stop, unsigned drain_s) {
  impl_->accept();
  impl_->on_tick(stop, {}, drain_s);
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < n_threads; ++i) threads.emplace_back([this] { impl_->io.run(); });
  impl_->io.run();
}

}  // namespace rwkv
