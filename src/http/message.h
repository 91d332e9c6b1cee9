// HTTP/1.1 messages as plain values: what a server's handler takes and gives back, and what a client gets.
// Not a parser and not a connection: server.h and client.h move these over the network. Bodies are bytes held in a
// std::string (as_bytes() of base/bytes.h views them). Values; no thread rules, but for Writer, which belongs to the
// thread that runs the stream.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::http {

struct Header {
  std::string name, value;
  bool operator==(const Header&) const = default;
};
using Headers = std::vector<Header>;  // in the order in which they came

// The first header of that name, whatever its case; null where there is none.
const std::string* find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method;                                           // "GET"; any token, as sent
  std::string target;                                           // as sent: "/api/can?task=text.draft-reply"
  std::string path;                                             // percent-decoded, up to the '?': "/api/can"
  std::vector<std::pair<std::string, std::string>> query = {};  // percent-decoded, in order
  Headers headers = {};
  std::string body = {};
  std::string peer = {};  // the client's address without its port

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  // The first query parameter of that name; empty where there is none.
  std::string_view parameter(std::string_view name) const;
};

// Where a streamed body goes. Used by one thread, and only until the stream's function returns.
class Writer {
 public:
  virtual ~Writer() = default;
  // Sends `data` now and waits until the system has taken it, so that a slow peer slows the producer. False once the
  // peer has gone (or has closed its sending side), was too slow, or the server is stopping: produce no more and
  // return. Empty data is not sent.
  virtual bool write(std::string_view data) = 0;
  // Whether a write would still be worth its work; costs nothing.
  virtual bool open() const = 0;
};

struct Response {
  int status = 200;
  Headers headers = {};  // never Content-Length, Transfer-Encoding or Connection: the server writes those
  std::string body = {};
  // Where set, `body` is ignored and this produces it, in chunks, on the worker's thread. An exception out of it breaks
  // the connection, so that the client sees the body as cut.
  std::function<void(Writer&)> stream = {};
};

Response respond(int status, std::string_view content_type, std::string body);

// The body of a reply in text or JSON, the usual cases.
inline Response text(int status, std::string body) {
  return respond(status, "text/plain; charset=utf-8", std::move(body));
}
inline Response json(int status, std::string body) {
  return respond(status, "application/json", std::move(body));
}

// "OK" for 200; "Unknown" for a number without a phrase.
std::string_view reason_phrase(int status);

// "%41" to "A" ('+' stays). malformed: a '%' without two hexadecimal digits, or a NUL.
Result<std::string> percent_decode(std::string_view text);
// Everything but letters, digits and "-._~" as %XX: fit for a path segment or a query value.
std::string percent_encode(std::string_view text);

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
// Splits a request's target; in query values '+' is a space. malformed: it does not begin with '/', or does not decode.
Result<Target> parse_target(std::string_view target);

}  // namespace cairn::http
