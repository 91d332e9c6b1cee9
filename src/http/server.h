// A small HTTP/1.1 server: one thread moves bytes, a few workers run the handler, one request at a time a connection.
//
// It keeps connections alive, bounds everything a client can make it hold (header and body size, connections, time),
// and answers what it cannot read (400, 408, 413, 431) without troubling the handler. Plain HTTP on loopback by
// default: TLS is ended by whatever stands in front. Not a web framework: router.h has paths, serve/ has everything
// with a meaning.
//
// Threads: the handler is called from several workers at once and must be thread-safe; it may block. Server itself
// belongs to one owner; stop() may be called from any thread but a handler's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "http/message.h"

namespace cairn::http {

// An exception out of a handler is answered with 500 and goes no further.
using Handler = std::function<Response(const Request&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address; "0.0.0.0" and "::" open the port to the network
  std::uint16_t port = 0;             // 0: the system chooses; Server::port() tells
  std::size_t workers = 8;            // handlers at once; a streamed response holds its worker to its end
  std::size_t max_connections = 256;  // more wait, unaccepted, until one ends
  std::size_t max_header_bytes = 16 << 10;
  std::size_t max_body_bytes = 16 << 20;
  std::chrono::milliseconds header_timeout{10'000};  // for the whole of a request's head, from its first byte
  std::chrono::milliseconds body_timeout{120'000};   // for the whole of a request's body
  std::chrono::milliseconds idle_timeout{60'000};    // between two requests
  std::chrono::milliseconds write_timeout{30'000};   // without any progress in sending
  std::chrono::milliseconds stop_grace{5'000};       // for the requests that stop() finds running
};

class Server {
 public:
  // Listens and returns at once. busy: the port is in use (the hint names it). invalid: not an IP address.
  // failed: the system refused (a privileged port, an address this machine does not have).
  static Result<Server> start(ServerOptions options, Handler handler);

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();  // as stop()

  std::uint16_t port() const;
  std::string url() const;  // "http://127.0.0.1:PORT"

  // Accepts no more, ends idle connections, lets running requests finish within `stop_grace` (Writer::write says false
  // from now on), then breaks the rest off. Returns when every handler has returned: one that never does blocks it.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::http
