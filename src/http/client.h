// A blocking HTTP client over libcurl: one connection kept alive, everything bounded, no redirects, certificates
// verified.
//
// An answer with any status is a Reply; only where there was no answer is there an Error. Plain HTTP goes to loopback
// alone unless the owner says otherwise. Not a browser: no cookies, no caches, no proxy towards loopback.
// One thread at a time per Client; several Clients may run at once.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "http/message.h"

namespace cairn::http {

enum class PlainHttp { loopback_only, anywhere };

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds stall_timeout{60'000};   // without any byte either way, rounded up to a second
  std::chrono::milliseconds total_timeout{600'000};  // for a whole exchange
  std::size_t max_body_bytes = std::size_t{1} << 30;
  std::size_t max_header_bytes = 64 << 10;
  Headers headers = {};      // sent with every request
  std::string ca_file = {};  // trusted certificates in PEM; empty: the system's
  PlainHttp plain_http = PlainHttp::loopback_only;
  std::function<bool()> stop =
      {};  // looked at about once a second and with every piece of data; true ends the exchange
};

struct Reply {
  int status = 0;
  Headers headers = {};
  std::string body = {};  // empty where the body was given to `on_data`

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  bool ok() const { return status >= 200 && status < 300; }
};

struct Outgoing {
  std::string method = "GET";
  std::string target = "/";  // path and query, already encoded: "/v1/models"
  Headers headers = {};
  std::string_view body = {};  // sent where the method is not GET or HEAD; must outlive the call
  // Where set, gets the body as it comes, instead of Reply::body; returning false ends the exchange, without an error.
  std::function<bool(std::string_view)> on_data = {};
};

class Client {
 public:
  // `base` is "http://HOST:PORT" or "https://HOST[:PORT]", without a path. Does not connect yet.
  // invalid: not such an address, or plain HTTP to elsewhere than loopback (the hint says what to do).
  static Result<Client> to(std::string_view base, ClientOptions options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // unreachable: no connection, a broken one, a time-out, a certificate that does not verify; the message says which.
  // malformed: what came back is not HTTP, or larger than the options allow. interrupted: `stop` said so.
  Result<Reply> send(const Outgoing& request);
  Result<Reply> get(std::string_view target);
  Result<Reply> post(std::string_view target, std::string_view content_type, std::string_view body);

  const std::string& base() const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::http
