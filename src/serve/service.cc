#include "serve/service.h"

#include <algorithm>
#include <array>
#include <optional>

#include "serve/authority.h"
#include "serve/openai_api.h"
#include "serve/site_api.h"

namespace cairn::serve {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, host.find(':'));
}

// A page from elsewhere could make a browser on this machine ask us; a name that resolves here could make it show us.
std::optional<http::Response> refuse_strangers(const http::Request& request, bool loopback_only) {
  const std::string* host = request.header("Host");
  if (loopback_only && host != nullptr && !is_loopback(without_port(*host)))
    return http::text(421, "this server answers on loopback, by its own name\n");
  const std::string* site = request.header("Sec-Fetch-Site");
  const std::string* mode = request.header("Sec-Fetch-Mode");
  const bool followed_link = mode != nullptr && *mode == "navigate" && request.method == "GET";
  if (site != nullptr && *site == "cross-site" && !followed_link)
    return http::text(403, "this server takes no requests from other sites' pages\n");
  return std::nullopt;
}

void add_security_headers(http::Response& response) {
  const auto add = [&response](std::string name, std::string_view value) {
    if (http::find_header(response.headers, name) == nullptr)
      response.headers.push_back({std::move(name), std::string(value)});
  };
  add("Content-Security-Policy", kPolicy);
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Cache-Control", "no-store");
}

}  // namespace

struct Service::State {
  State(guard::Guard& guard, const DeploymentPlan& plan, std::string place, std::unique_ptr<Engine> e, ServedModel base,
        const Env& env)
      : authority(guard, plan, std::move(place), env),
        engine(std::move(e)),
        openai(authority, *engine, std::move(base), env),
        site(guard, plan, openai.models()) {
    openai.add_routes(router);
    site.add_routes(router);
  }

  http::Response handle(const http::Request& request) const {
    http::Response response;
    if (auto refused = refuse_strangers(request, loopback_only)) {
      response = std::move(*refused);
    } else {
      response = router(request);
      if ((response.status == 404 || response.status == 405) && request.path.starts_with("/v1/") && !is_json(response))
        response = unknown_address(request, std::move(response));
    }
    add_security_headers(response);
    return response;
  }
  static bool is_json(const http::Response& response) {
    const std::string* type = http::find_header(response.headers, "Content-Type");
    return type != nullptr && *type == "application/json";
  }
  // OpenAI's clients expect JSON whatever went wrong.
  static http::Response unknown_address(const http::Request& request, http::Response plain) {
    http::Response response = error_response(
        {ErrorCode::not_found,
         request.method + " " + request.path + ": " + (plain.status == 404 ? "no such address" : "not this method"),
         {},
         {}});
    response.status = plain.status;
    if (const std::string* allow = http::find_header(plain.headers, "Allow"))
      response.headers.push_back({"Allow", *allow});
    return response;
  }

  bool loopback_only = true;
  Authority authority;
  std::unique_ptr<Engine> engine;
  OpenAiApi openai;
  SiteApi site;
  http::Router router;
  std::optional<http::Server> server;  // last: it goes first
};

Result<Service> Service::start(guard::Guard& guard, DeploymentPlan plan, ServiceOptions options, const Env& env) {
  CAIRN_ASSIGN(const auto base, guard.ledger().summary(plan.base));
  CAIRN_TRY(guard.ledger().summary(plan.tokenizer));
  for (const PartRef& module : plan.modules) CAIRN_TRY(guard.ledger().summary(module.asset));
  CAIRN_ASSIGN(auto engine, Engine::start(guard, options.engine));
  ServedModel described{.id = "base",
                        .asset = plan.base,
                        .kind = base.kind,
                        .name = base.name,
                        .note = {},
                        .created = std::chrono::floor<std::chrono::seconds>(base.created).time_since_epoch().count()};
  auto state = std::make_unique<State>(guard, plan, options.place, std::move(engine), std::move(described), env);
  state->loopback_only = is_loopback(options.http.address);
  options.http.max_body_bytes = std::min(options.http.max_body_bytes, kMostRequestBytes);
  CAIRN_ASSIGN(state->server,
               http::Server::start(std::move(options.http),
                                   [raw = state.get()](const http::Request& request) { return raw->handle(request); }));
  return Service(std::move(state));
}

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() {
  if (state_) stop();
}

std::uint16_t Service::port() const {
  return state_->server->port();
}
std::string Service::url() const {
  return state_->server->url();
}

void Service::stop() {
  state_->engine->stop();
  state_->server->stop();
}

}  // namespace cairn::serve
