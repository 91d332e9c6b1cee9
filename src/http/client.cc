#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace cairn::http {
namespace {

constexpr std::string_view kHint = "check the address and that the server runs";

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

struct Base {
  std::string scheme, host;
};

// Only what is needed to decide whether the address may be used; libcurl does the rest.
Result<Base> parse_base(std::string_view base) {
  CURLU* const url = curl_url();
  if (url == nullptr) return fail(ErrorCode::failed, "out of memory");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> owner(url, &curl_url_cleanup);
  const auto part = [url](CURLUPart what) {
    char* text = nullptr;
    std::string out;
    if (curl_url_get(url, what, &text, 0) == CURLUE_OK && text != nullptr) out = text;
    curl_free(text);
    return out;
  };
  const auto bad = [base] {
    return fail_with_hint(ErrorCode::invalid, fmt::format("\"{}\" is not a server's address", base),
                          "give it as http://127.0.0.1:PORT or https://HOST, without a path");
  };
  if (curl_url_set(url, CURLUPART_URL, std::string(base).c_str(), 0) != CURLUE_OK) return bad();
  Base out{part(CURLUPART_SCHEME), part(CURLUPART_HOST)};
  const bool known = out.scheme == "http" || out.scheme == "https";
  const bool bare = part(CURLUPART_PATH) == "/" && part(CURLUPART_QUERY).empty() && part(CURLUPART_FRAGMENT).empty() &&
                    part(CURLUPART_USER).empty() && part(CURLUPART_PASSWORD).empty();
  if (!known || !bare || out.host.empty()) return bad();
  return out;
}

struct Exchange {
  const ClientOptions& options;
  const Outgoing& request;
  Reply reply;
  std::size_t header_bytes = 0, body_bytes = 0, sent = 0;
  bool ended_by_reader = false, ended_by_owner = false, too_large = false;
};

bool asked_to_stop(Exchange& exchange) {
  if (exchange.options.stop && exchange.options.stop()) exchange.ended_by_owner = true;
  return exchange.ended_by_owner;
}

// libcurl's callbacks; a return value other than `count` ends the transfer. No exception may pass through C.
std::size_t on_header(char* data, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += count;
  if (exchange.header_bytes > exchange.options.max_header_bytes) {
    exchange.too_large = true;
    return 0;
  }
  std::string_view line(data, count);
  if (line.starts_with("HTTP/")) exchange.reply.headers.clear();  // of a 100 Continue before it
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return count;
  const auto trim = [](std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return std::string_view{};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  };
  exchange.reply.headers.push_back(
      {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
  return count;
}

std::size_t on_body(char* data, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (asked_to_stop(exchange)) return 0;
  exchange.body_bytes += count;
  if (exchange.body_bytes > exchange.options.max_body_bytes) {
    exchange.too_large = true;
    return 0;
  }
  try {
    if (!exchange.request.on_data) {
      exchange.reply.body.append(data, count);
    } else if (!exchange.request.on_data({data, count})) {
      exchange.ended_by_reader = true;
      return 0;
    }
  } catch (const std::exception&) {
    return 0;
  }
  return count;
}

std::size_t on_send(char* out, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t n = std::min(size * count, exchange.request.body.size() - exchange.sent);
  std::copy_n(exchange.request.body.data() + exchange.sent, n, out);
  exchange.sent += n;
  return n;
}

int on_seek(void* user, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > exchange.request.body.size())
    return CURL_SEEKFUNC_FAIL;
  exchange.sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return asked_to_stop(*static_cast<Exchange*>(user)) ? 1 : 0;
}

bool fits_in_a_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

struct HeaderList {
  curl_slist* list = nullptr;
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list); }
  void add(const Header& header) {
    // libcurl takes "Name;" for a header without a value.
    const std::string line = header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    list = curl_slist_append(list, line.c_str());
  }
};

}  // namespace

struct Client::State {
  std::string base;
  ClientOptions options;
  CURL* curl = nullptr;
  bool loopback = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { curl_easy_cleanup(curl); }

  void configure(Exchange& exchange, const std::string& url, const HeaderList& headers, char* error_text);
  Error error_of(CURLcode code, const Exchange& exchange, const char* error_text) const;
};

void Client::State::configure(Exchange& exchange, const std::string& url, const HeaderList& headers, char* error_text) {
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };
  curl_easy_reset(curl);  // keeps the live connection
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, error_text);
  set(CURLOPT_HTTPHEADER, headers.list);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>((options.stall_timeout.count() + 999) / 1000));
  if (loopback) set(CURLOPT_NOPROXY, "*");
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  if (exchange.request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (exchange.request.method != "GET") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.request.body.size()));
    set(CURLOPT_READFUNCTION, &on_send);
    set(CURLOPT_READDATA, &exchange);
    set(CURLOPT_SEEKFUNCTION, &on_seek);
    set(CURLOPT_SEEKDATA, &exchange);
  }
  if (exchange.request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, exchange.request.method.c_str());
}

Error Client::State::error_of(CURLcode code, const Exchange& exchange, const char* error_text) const {
  const std::string where = exchange.request.method + " " + base + exchange.request.target;
  if (exchange.ended_by_owner) return {ErrorCode::interrupted, where + ": asked to stop", {}, {}};
  if (exchange.too_large) {
    return {ErrorCode::malformed,
            fmt::format(
                "{}: the answer is larger than the {} bytes taken here", where,
                exchange.header_bytes > options.max_header_bytes ? options.max_header_bytes : options.max_body_bytes),
            {},
            {}};
  }
  const std::string why = *error_text != '\0' ? error_text : curl_easy_strerror(code);
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorCode::malformed, where + ": what answered does not speak HTTP: " + why, {}, {}};
    case CURLE_URL_MALFORMAT:
      return {ErrorCode::invalid, where + ": not an address", {}, {}};
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
      return {ErrorCode::failed, where + ": " + why, {}, {}};
    default:
      return {ErrorCode::unreachable, where + ": " + why, std::string(kHint), {}};
  }
}

Result<Client> Client::to(std::string_view base, ClientOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  if (base.ends_with('/')) base.remove_suffix(1);
  CAIRN_ASSIGN(const Base parsed, parse_base(base));
  const bool loopback = is_loopback(parsed.host);
  if (parsed.scheme == "http" && !loopback && options.plain_http == PlainHttp::loopback_only)
    return fail_with_hint(ErrorCode::invalid,
                          fmt::format("{}: plain HTTP to another machine can be read and changed on its way", base),
                          "use https://, or say that plain HTTP is meant");
  auto state = std::make_unique<State>();
  state->base = base;
  state->options = std::move(options);
  state->loopback = loopback;
  state->curl = curl_easy_init();
  if (state->curl == nullptr) return fail(ErrorCode::failed, "out of memory");
  return Client(std::move(state));
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

const std::string& Client::base() const {
  return state_->base;
}

Result<Reply> Client::send(const Outgoing& request) {
  if (!request.target.starts_with('/') || !fits_in_a_line(request.target) ||
      request.target.find(' ') != std::string::npos)
    return fail(ErrorCode::invalid, "\"{}\": expected a path that begins with '/', percent-encoded", request.target);
  HeaderList headers;
  headers.add({"Expect", ""});
  for (const Headers* list : {&std::as_const(state_->options.headers), &request.headers})
    for (const Header& header : *list) {
      if (header.name.empty() || !fits_in_a_line(header.name) || !fits_in_a_line(header.value))
        return fail(ErrorCode::invalid, "header \"{}\": a header is one line", header.name);
      headers.add(header);
    }
  Exchange exchange{.options = state_->options, .request = request, .reply = {}};
  char error_text[CURL_ERROR_SIZE] = "";
  const std::string url = state_->base + request.target;
  state_->configure(exchange, url, headers, error_text);
  const CURLcode code = curl_easy_perform(state_->curl);
  long status = 0;
  curl_easy_getinfo(state_->curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<int>(status);
  // A server may answer and hang up before it has read all of a body that it refuses: the answer counts.
  const bool answered_early = code == CURLE_SEND_ERROR && status >= 400;
  if (code == CURLE_OK || exchange.ended_by_reader || answered_early) return std::move(exchange.reply);
  return fail(state_->error_of(code, exchange, error_text));
}

Result<Reply> Client::get(std::string_view target) {
  return send({.method = "GET", .target = std::string(target)});
}

Result<Reply> Client::post(std::string_view target, std::string_view content_type, std::string_view body) {
  return send({.method = "POST",
               .target = std::string(target),
               .headers = {{"Content-Type", std::string(content_type)}},
               .body = body,
               .on_data = {}});
}

}  // namespace cairn::http
