// `cairn serve` as a value: a deployment of a site behind one HTTP server (docs/formats/http-api.md).
// It guards its own door: on loopback it answers only to loopback's names, browsers only to its own pages.
// Owned by one thread; what it is made from must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.h"
#include "guard/guard.h"
#include "http/server.h"
#include "serve/deployment.h"
#include "serve/engine.h"

namespace cairn::serve {

struct ServiceOptions {
  http::ServerOptions http;  // its limit on bodies is narrowed to what this service reads
  EngineOptions engine;
  std::string place = "own-machine";  // where the answers are computed, as permits know places; empty: anywhere
};

class Service {
 public:
  // not_found: a part of the plan is not in the site. Errors of http::Server::start and Engine::start.
  static Result<Service> start(guard::Guard& guard, DeploymentPlan plan, ServiceOptions options, const Env& env);
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;
  ~Service();  // as stop()

  std::uint16_t port() const;
  std::string url() const;
  void stop();  // running requests end at their next token

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::serve
