// The site as JSON and as pages: what there is, may I, the log's head, the spec, and an asset's bytes for whoever may
// have them. Reads only, but that every question put to the guard goes into its log.
// Thread-safe; what it is made from must outlive it.
#pragma once

#include <string>

#include "base/result.h"
#include "guard/guard.h"
#include "http/message.h"
#include "http/router.h"
#include "serve/deployment.h"
#include "serve/openai_response.h"

namespace cairn::serve {

class SiteApi {
 public:
  SiteApi(guard::Guard& guard, DeploymentPlan plan, std::vector<ServedModel> models);

  // GET /, /can, /spec, /spec.json, /static/..., /api/site, /api/can, /api/assets, /api/assets/{id},
  // /api/assets/{id}/{role}, /api/log/head
  void add_routes(http::Router& router);

 private:
  Result<http::Response> home() const;
  Result<http::Response> site() const;
  Result<http::Response> can(const http::Request& request) const;
  Result<http::Response> can_page(const http::Request& request) const;
  Result<http::Response> assets() const;
  Result<http::Response> asset(const std::string& what) const;
  // Only through a pass to share with everyone: 403 with the verdict otherwise, 404 where there is no such role.
  Result<http::Response> bytes(const std::string& what, const std::string& role) const;
  Result<http::Response> spec(std::string_view format) const;

  guard::Guard& guard_;
  const DeploymentPlan plan_;
  const std::vector<ServedModel> models_;
};

}  // namespace cairn::serve
