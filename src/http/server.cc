#include "http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/session.h"

namespace cairn::http {
namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptPause{100};  // when the system is out of file descriptors

}  // namespace

struct Server::State {
  State(ServerOptions options, Handler handler)
      : shared(std::move(options), std::move(handler)), acceptor(shared.io), pause(shared.io) {
    shared.on_ended = [this] { session_ended(); };
  }
  ~State() { stop(); }

  Status listen();
  void run() {
    mover = std::thread([this] { shared.io.run(); });
  }
  void accept();
  void session_ended();
  void stop();

  Shared shared;
  asio::executor_work_guard<asio::io_context::executor_type> busy{
      shared.io.get_executor()};  // workers still post to it
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  bool accepting = false;  // byte-moving thread alone
  std::thread mover;
  std::mutex stop_mutex;
  std::mutex mutex;
  std::condition_variable drained;
  bool empty = false;  // under `mutex`: stopping, and no session left
  std::uint16_t port = 0;
};

Status Server::State::listen() {
  const ServerOptions& options = shared.options;
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return fail(ErrorCode::invalid, "\"{}\" is not an IP address", options.address);
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return fail_with_hint(ErrorCode::busy, fmt::format("port {} on {} is in use", options.port, options.address),
                          fmt::format("stop what listens there (ss -ltnp 'sport = :{}' names it), or choose another "
                                      "port; 0 lets the system choose",
                                      options.port));
  }
  if (error)
    return fail(ErrorCode::failed, "listening on {} port {}: {}", options.address, options.port, error.message());
  port = acceptor.local_endpoint().port();
  return {};
}

// One accept is pending at a time, and none while the server is full: the rest wait in the system's queue.
void Server::State::accept() {
  if (accepting || shared.stopping || shared.sessions.size() >= shared.options.max_connections) return;
  accepting = true;
  acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
    accepting = false;
    if (shared.stopping) return;
    if (!error) {
      start_session(shared, std::move(socket));
      return accept();
    }
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](const error_code& cancelled) {
      if (!cancelled) accept();
    });
  });
}

void Server::State::session_ended() {
  if (!shared.stopping) return accept();
  if (!shared.sessions.empty()) return;
  const std::lock_guard lock(mutex);
  empty = true;
  drained.notify_all();
}

void Server::State::stop() {
  const std::lock_guard once(stop_mutex);
  if (!mover.joinable()) return;
  asio::post(shared.io, [this] {
    shared.stopping = true;
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    const auto sessions = shared.sessions;  // retiring changes the set
    for (const auto& session : sessions) retire_session(*session);
    session_ended();
  });
  {
    std::unique_lock lock(mutex);
    drained.wait_for(lock, shared.options.stop_grace, [this] { return empty; });
  }
  asio::post(shared.io, [this] {
    const auto sessions = shared.sessions;
    for (const auto& session : sessions) break_session(*session);
  });
  // Workers may still post to the mover and wait for it, so it goes last.
  shared.workers.join();
  asio::post(shared.io, [this] { shared.io.stop(); });
  mover.join();
}

Result<Server> Server::start(ServerOptions options, Handler handler) {
  auto state = std::make_unique<State>(std::move(options), std::move(handler));
  CAIRN_TRY(state->listen());
  state->accept();
  state->run();
  return Server(std::move(state));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

std::uint16_t Server::port() const {
  return state_->port;
}

std::string Server::url() const {
  const std::string& address = state_->shared.options.address;
  return fmt::format("http://{}:{}", address.find(':') == std::string::npos ? address : "[" + address + "]",
                     state_->port);
}

void Server::stop() {
  state_->stop();
}

}  // namespace cairn::http
