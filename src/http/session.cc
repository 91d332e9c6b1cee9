#include "http/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <future>
#include <optional>

namespace cairn::http {
namespace {

namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Parser = beast::http::request_parser<beast::http::string_body>;
using Problem = beast::http::error;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kLinger{2'000};           // how long a client may take to notice that it was refused
constexpr std::size_t kLingerBytes = 64u << 20;  // and how much it may send meanwhile

bool fits_in_a_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

enum class Framing { sized, chunked, until_close };

std::string make_head(const Response& response, Framing framing, bool keep_alive) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const Header& header : response.headers)
    if (fits_in_a_line(header.name) && fits_in_a_line(header.value)) head += header.name + ": " + header.value + "\r\n";
  if (framing == Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  if (framing == Framing::sized && has_body(response.status))
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

// The connection itself failed: there is nobody to answer. (Success, too, has the system's category.)
bool is_broken(const error_code& error) {
  return error && error.category() == boost::system::system_category();
}

Response refusal_of(const error_code& error) {
  if (error == Problem::header_limit) return text(431, "the request's head is larger than this server takes\n");
  if (error == Problem::body_limit) return text(413, "the request's body is larger than this server takes\n");
  if (error == Problem::bad_version) return text(505, "this server speaks HTTP/1.0 and HTTP/1.1\n");
  return text(400, "not an HTTP request: " + error.message() + "\n");
}

}  // namespace

// Waiting for a request -> reading its head -> its body -> handled by a worker -> answered -> waiting again, or ended.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, tcp::socket socket) : shared_(shared), socket_(std::move(socket)), deadline_(shared.io) {}

  void start();
  void retire() {
    if (waiting_) end();
  }
  void end();

 private:
  class StreamWriter;
  using Done = std::function<void(bool)>;

  void await_request();
  void read_head();
  void read_body();
  void refuse(Response response);
  void dispatch();
  void answer(Response response);
  void run_stream(const Response& response, bool chunked);  // on a worker
  void finished(bool sent);
  void linger();
  void discard_more();
  void watch_peer();
  void send(std::string head, std::string body, Done done);
  void arm(Milliseconds limit);
  template <class F>
  auto bound(F f) {  // keeps the session alive until the operation's end
    return [self = shared_from_this(), f = std::move(f)](auto&&... results) mutable {
      f(std::forward<decltype(results)>(results)...);
    };
  }

  Shared& shared_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string head_, body_;  // being sent
  std::string discarded_;
  std::size_t discarded_bytes_ = 0;
  bool waiting_ = false, timed_out_ = false, keep_alive_ = false, ended_ = false;
  std::atomic<bool> peer_gone_{false};
};

void Session::start() {
  shared_.sessions.insert(shared_from_this());
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  await_request();
}

void Session::end() {
  if (ended_) return;
  ended_ = true;
  peer_gone_ = true;
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel(ignored);
  const auto self = shared_from_this();
  shared_.sessions.erase(self);
  shared_.on_ended();
}

// One deadline at a time. When it passes, the pending operation ends with an error and `timed_out_` says why.
void Session::arm(Milliseconds limit) {
  timed_out_ = false;
  deadline_.expires_after(limit);
  deadline_.async_wait(bound([this](const error_code& error) {
    if (error || ended_ || deadline_.expiry() > std::chrono::steady_clock::now()) return;
    timed_out_ = true;
    error_code ignored;
    socket_.cancel(ignored);
  }));
}

void Session::await_request() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_.options.max_header_bytes));
  parser_->body_limit(shared_.options.max_body_bytes);
  if (buffer_.size() > 0) {  // pipelined behind the last one
    read_head();
    return;
  }
  if (shared_.stopping) {
    end();
    return;
  }
  waiting_ = true;
  arm(shared_.options.idle_timeout);
  socket_.async_wait(tcp::socket::wait_read, bound([this](const error_code& error) {
                       waiting_ = false;
                       if (error || ended_) {
                         end();
                       } else {
                         read_head();
                       }
                     }));
}

void Session::read_head() {
  arm(shared_.options.header_timeout);
  beast::http::async_read_header(socket_, buffer_, *parser_, bound([this](const error_code& error, std::size_t) {
                                   if (ended_) return;
                                   if (timed_out_) {
                                     refuse(text(408, "the request's head did not come in time\n"));
                                   } else if (error == beast::http::error::end_of_stream || is_broken(error)) {
                                     end();
                                   } else if (error) {
                                     refuse(refusal_of(error));
                                   } else {
                                     read_body();
                                   }
                                 }));
}

void Session::read_body() {
  const auto expect = parser_->get().find(beast::http::field::expect);
  if (expect != parser_->get().end() && beast::iequals(expect->value(), "100-continue") &&
      parser_->get().version() >= 11 && !parser_->is_done()) {
    const auto length = parser_->content_length();
    if (length && *length > shared_.options.max_body_bytes) {
      refuse(refusal_of(beast::http::error::body_limit));
      return;
    }
    parser_->get().erase(beast::http::field::expect);
    send("HTTP/1.1 100 Continue\r\n\r\n", {}, [this](bool sent) { sent ? read_body() : end(); });
    return;
  }
  arm(shared_.options.body_timeout);
  beast::http::async_read(socket_, buffer_, *parser_, bound([this](const error_code& error, std::size_t) {
                            if (ended_) return;
                            if (timed_out_) {
                              refuse(text(408, "the request's body did not come in time\n"));
                            } else if (is_broken(error)) {
                              end();
                            } else if (error) {
                              refuse(refusal_of(error));
                            } else {
                              dispatch();
                            }
                          }));
}

// Answers what could not be read, and ends: where the next request would begin is not known.
void Session::refuse(Response response) {
  keep_alive_ = false;
  answer(std::move(response));
}

void Session::dispatch() {
  deadline_.cancel();
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message)
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  request.body = std::move(message.body());
  error_code error;
  if (const auto endpoint = socket_.remote_endpoint(error); !error) request.peer = endpoint.address().to_string();
  auto target = parse_target(request.target);
  if (!target) return refuse(text(400, "the request's address: " + target.error().message + "\n"));
  if (message.version() >= 11 && message.count(beast::http::field::host) != 1)
    return refuse(text(400, "expected one Host header\n"));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  const bool chunks_understood = message.version() >= 11;
  asio::post(shared_.workers, bound([this, chunks_understood, request = std::move(request)] {
               Response response;
               try {
                 response = shared_.handler(request);
               } catch (const std::exception&) {
                 response = text(500, "the server failed on this request\n");
               }
               if (request.method == "HEAD") response.stream = nullptr;
               if (response.stream) return run_stream(response, chunks_understood);
               asio::post(shared_.io,
                          bound([this, head_only = request.method == "HEAD", response = std::move(response)]() mutable {
                            if (!head_only) return answer(std::move(response));
                            const std::string head =
                                make_head(response, Framing::sized, keep_alive_ && !shared_.stopping);
                            send(head, {}, [this](bool sent) { finished(sent); });
                          }));
             }));
}

void Session::answer(Response response) {
  if (shared_.stopping) keep_alive_ = false;
  std::string head = make_head(response, Framing::sized, keep_alive_);
  if (!has_body(response.status)) response.body.clear();
  send(std::move(head), std::move(response.body), [this](bool sent) { finished(sent); });
}

void Session::finished(bool sent) {
  if (!sent) {
    end();
  } else if (keep_alive_ && !shared_.stopping) {
    await_request();
  } else {
    linger();
  }
}

// Closing with unread bytes in the socket would reset the connection and could take the answer with it.
void Session::linger() {
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (error || shared_.stopping) return end();
  discarded_.resize(64 << 10);
  deadline_.expires_after(kLinger);
  deadline_.async_wait(bound([this](const error_code& cancelled) {
    if (!cancelled) end();
  }));
  discard_more();
}

void Session::discard_more() {
  socket_.async_read_some(asio::buffer(discarded_), bound([this](const error_code& failed, std::size_t n) {
                            discarded_bytes_ += n;
                            if (failed || ended_ || discarded_bytes_ > kLingerBytes) return end();
                            discard_more();
                          }));
}

void Session::send(std::string head, std::string body, Done done) {
  head_ = std::move(head);
  body_ = std::move(body);
  if (ended_) return done(false);
  arm(shared_.options.write_timeout);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head_), asio::buffer(body_)};
  asio::async_write(
      socket_, buffers,
      [this, before = std::size_t{0}](const error_code& error, std::size_t sent) mutable -> std::size_t {
        if (error) return 0;
        if (sent > before) arm(shared_.options.write_timeout);
        before = sent;
        return 256 << 10;
      },
      bound([this, done = std::move(done)](const error_code& error, std::size_t) {
        deadline_.cancel();
        done(!error && !ended_);
      }));
}

// Called on a worker; each write crosses to the byte-moving thread and waits there for its end.
class Session::StreamWriter : public Writer {
 public:
  StreamWriter(Session& session, bool chunked) : session_(session), chunked_(chunked) {}

  bool write(std::string_view data) override {
    if (data.empty()) return open();
    if (!chunked_) return raw(std::string(data));
    return raw(fmt::format("{:x}\r\n{}\r\n", data.size(), data));
  }
  bool open() const override { return ok_ && !session_.peer_gone_ && !session_.shared_.stopping; }

  bool raw(std::string bytes) {
    if (!open()) return false;
    return raw_even_if_stopping(std::move(bytes));
  }
  bool raw_even_if_stopping(std::string bytes) {
    if (!ok_ || session_.peer_gone_) return false;
    auto promise = std::make_shared<std::promise<bool>>();
    auto sent = promise->get_future();
    asio::post(session_.shared_.io, session_.bound([&session = session_, promise, bytes = std::move(bytes)]() mutable {
      session.send(std::move(bytes), {}, [promise](bool ok) { promise->set_value(ok); });
    }));
    ok_ = sent.get();
    return ok_;
  }

 private:
  Session& session_;
  bool chunked_;
  bool ok_ = true;
};

void Session::run_stream(const Response& response, bool chunked) {
  StreamWriter writer(*this, chunked);
  asio::post(shared_.io, bound([this] { watch_peer(); }));
  const bool keep = chunked && keep_alive_ && !shared_.stopping;
  writer.raw_even_if_stopping(make_head(response, chunked ? Framing::chunked : Framing::until_close, keep));
  bool whole = true;
  try {
    response.stream(writer);
  } catch (const std::exception&) {
    whole = false;
  }
  if (whole && chunked) whole = writer.raw_even_if_stopping("0\r\n\r\n");
  asio::post(shared_.io, bound([this, whole, keep] {
               keep_alive_ = keep;
               error_code ignored;
               socket_.cancel(ignored);  // the watch
               finished(whole);
             }));
}

// While a body is streamed nothing is expected from the peer: its end of the connection closing means that it has gone.
void Session::watch_peer() {
  if (ended_) return;
  socket_.async_wait(tcp::socket::wait_read, bound([this](const error_code& error) {
                       if (error || ended_) return;
                       char byte;
                       const auto n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
                       if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) peer_gone_ = true;
                     }));
}

void start_session(Shared& shared, tcp::socket socket) {
  std::make_shared<Session>(shared, std::move(socket))->start();
}
void retire_session(Session& session) {
  session.retire();
}
void break_session(Session& session) {
  session.end();
}

}  // namespace cairn::http
