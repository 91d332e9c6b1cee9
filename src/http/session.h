// One client's connection, from accept to close. Internal to http: server.h is the contract.
// Everything here runs on the server's one byte-moving thread, except what the .cc says runs on a worker.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <set>

#include "http/server.h"

namespace cairn::http {

namespace asio = boost::asio;

class Session;

// What all sessions of a server share. Outlives them.
struct Shared {
  Shared(ServerOptions o, Handler h)
      : options(std::move(o)), handler(std::move(h)), workers(std::max<std::size_t>(1, options.workers)) {}

  const ServerOptions options;
  const Handler handler;
  asio::io_context io{1};
  asio::thread_pool workers;
  std::set<std::shared_ptr<Session>> sessions;  // touched on the byte-moving thread alone
  std::atomic<bool> stopping{false};
  std::function<void()> on_ended;  // after a session has left `sessions`
};

// Takes the socket, registers itself in `shared.sessions`, and leaves there when it ends.
void start_session(Shared& shared, asio::ip::tcp::socket socket);
// Once the server is stopping: ends a session that waits for a request; the others end after theirs.
void retire_session(Session& session);
// Breaks the connection off; a running handler's writes answer false.
void break_session(Session& session);

}  // namespace cairn::http
