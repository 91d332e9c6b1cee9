#include "serve/site_api.h"

#include "base/json.h"
#include "embedded/serve.h"
#include "ledger/ledger.h"
#include "serve/pages.h"

namespace cairn::serve {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
// A spec is one page with its own style inside, and nothing that runs.
constexpr std::string_view kSpecPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

Json summary_json(const ledger::AssetSummary& asset) {
  return {{"id", asset.id.hex()},         {"kind", asset.kind},
          {"name", asset.name},           {"created", to_iso(asset.created)},
          {"permit", asset.permit.hex()}, {"revoked", asset.revoked}};
}

Json revocation_json(const ledger::Revocation& revocation) {
  return {{"asset", revocation.root.hex()},
          {"epoch", revocation.epoch.value},
          {"reason", revocation.reason},
          {"at", to_iso(revocation.at)}};
}

permit::Use use_of(const http::Request& request) {
  const auto term = [&request](std::string_view name) { return std::string(request.parameter(name)); };
  permit::Use use{.action = term("action"),
                  .task = term("task"),
                  .purpose = term("purpose"),
                  .audience = term("audience"),
                  .place = term("place"),
                  .licence = term("licence")};
  if (use.action.empty()) use.action = "use";
  return use;
}

}  // namespace

SiteApi::SiteApi(guard::Guard& guard, DeploymentPlan plan, std::vector<ServedModel> models)
    : guard_(guard), plan_(std::move(plan)), models_(std::move(models)) {}

Result<http::Response> SiteApi::home() const {
  HomeView view{.plan = plan_, .models = models_};
  const ledger::Ledger& ledger = guard_.ledger();
  view.site = ledger.site().name;
  view.key = ledger.site().key.hex();
  CAIRN_ASSIGN(view.assets, ledger.list());
  CAIRN_ASSIGN(view.head, ledger.head());
  CAIRN_ASSIGN(view.epoch, guard_.epoch());
  return http::respond(200, kHtml, home_page(view));
}

Result<http::Response> SiteApi::site() const {
  const ledger::Ledger& ledger = guard_.ledger();
  CAIRN_ASSIGN(const Epoch epoch, guard_.epoch());
  CAIRN_ASSIGN(const auto head, ledger.head());
  CAIRN_ASSIGN(const Json deployment, parse_json(to_json(plan_)));
  return http::json(200, canonical({{"name", ledger.site().name},
                                    {"key", ledger.site().key.hex()},
                                    {"epoch", epoch.value},
                                    {"log", {{"size", head.size}, {"root", head.root.hex()}}},
                                    {"deployment", deployment}}));
}

Result<http::Response> SiteApi::can(const http::Request& request) const {
  CAIRN_ASSIGN(const AssetId id, guard_.ledger().find(request.parameter("asset")));
  CAIRN_ASSIGN(const auto summary, guard_.ledger().summary(id));
  CAIRN_ASSIGN(const permit::Verdict verdict, guard_.judge(use_of(request), id));
  return http::json(200, canonical({{"asset", summary_json(summary)},
                                    {"verdict", permit::to_json(verdict)},
                                    {"text", permit::to_text(verdict)}}));
}

Result<http::Response> SiteApi::can_page(const http::Request& request) const {
  CAIRN_ASSIGN(const AssetId id, guard_.ledger().find(request.parameter("asset")));
  CAIRN_ASSIGN(const auto summary, guard_.ledger().summary(id));
  CAIRN_ASSIGN(const permit::Verdict verdict, guard_.judge(use_of(request), id));
  return http::respond(200, kHtml, verdict_page(guard_.ledger().site().name, summary, verdict));
}

Result<http::Response> SiteApi::assets() const {
  CAIRN_ASSIGN(const auto list, guard_.ledger().list());
  Json json = Json::array();
  for (const ledger::AssetSummary& asset : list) json.push_back(summary_json(asset));
  return http::json(200, canonical({{"assets", std::move(json)}}));
}

Result<http::Response> SiteApi::asset(const std::string& what) const {
  CAIRN_ASSIGN(const AssetId id, guard_.ledger().find(what));
  CAIRN_ASSIGN(const auto asset, guard_.ledger().asset(id));
  CAIRN_ASSIGN(const auto revocations, guard_.ledger().revocations(id));
  CAIRN_ASSIGN(const Json body, parse_json(ledger::body_of(asset.manifest)));
  Json revoked = Json::array();
  for (const ledger::Revocation& revocation : revocations) revoked.push_back(revocation_json(revocation));
  return http::json(200, canonical({{"id", id.hex()},
                                    {"manifest", body},
                                    {"signature", asset.signature.hex()},
                                    {"revocations", std::move(revoked)}}));
}

Result<http::Response> SiteApi::bytes(const std::string& what, const std::string& role) const {
  CAIRN_ASSIGN(const AssetId id, guard_.ledger().find(what));
  CAIRN_ASSIGN(const guard::Pass pass, guard_.authorise({.action = "share"}, id));
  CAIRN_ASSIGN(const guard::Reader reader, guard_.open(pass, id, role));
  http::Response response = http::respond(200, "application/octet-stream", std::string(reader.text()));
  response.headers.push_back(
      {"Content-Disposition", "attachment; filename=\"" + id.brief() + "." + http::percent_encode(role) + "\""});
  return response;
}

Result<http::Response> SiteApi::spec(std::string_view format) const {
  if (!plan_.spec) return fail(ErrorCode::not_found, "this deployment names no spec");
  CAIRN_ASSIGN(const auto asset, guard_.ledger().asset(*plan_.spec));
  CAIRN_ASSIGN(const guard::Pass pass, guard_.authorise({.action = "share"}, *plan_.spec));
  for (const ledger::BlobRef& blob : asset.manifest.blobs) {
    if (blob.role.find(format) == std::string::npos) continue;
    CAIRN_ASSIGN(const guard::Reader reader, guard_.open(pass, *plan_.spec, blob.role));
    if (format == "json") return http::json(200, std::string(reader.text()));
    http::Response response = http::respond(200, kHtml, std::string(reader.text()));
    response.headers.push_back({"Content-Security-Policy", std::string(kSpecPolicy)});
    return response;
  }
  return fail(ErrorCode::not_found, "the spec has no part in the form \"{}\"", format);
}

void SiteApi::add_routes(http::Router& router) {
  using Arguments = http::PathArguments;
  const auto on = [&router](std::string_view path,
                            std::function<Result<http::Response>(const http::Request&, const Arguments&)> act) {
    router.on("GET", path, [act = std::move(act)](const http::Request& request, const Arguments& arguments) {
      auto response = act(request, arguments);
      return response ? std::move(*response) : error_response(response.error());
    });
  };
  const auto file = [&on](std::string_view path, std::string_view type, std::string_view bytes) {
    on(path, [type, bytes](const http::Request&, const Arguments&) -> Result<http::Response> {
      return http::respond(200, type, std::string(bytes));
    });
  };
  on("/", [this](const http::Request&, const Arguments&) { return home(); });
  on("/can", [this](const http::Request& request, const Arguments&) { return can_page(request); });
  on("/spec", [this](const http::Request& request, const Arguments&) {
    const std::string* accept = request.header("Accept");
    return spec(accept != nullptr && accept->starts_with("application/json") ? "json" : "html");
  });
  on("/spec.json", [this](const http::Request&, const Arguments&) { return spec("json"); });
  file("/static/site.css", "text/css; charset=utf-8", embedded::site_css());
  file("/static/site.js", "text/javascript; charset=utf-8", embedded::site_js());
  on("/api/site", [this](const http::Request&, const Arguments&) { return site(); });
  on("/api/can", [this](const http::Request& request, const Arguments&) { return can(request); });
  on("/api/assets", [this](const http::Request&, const Arguments&) { return assets(); });
  on("/api/assets/{id}", [this](const http::Request&, const Arguments& arguments) { return asset(arguments[0]); });
  on("/api/assets/{id}/{role}",
     [this](const http::Request&, const Arguments& arguments) { return bytes(arguments[0], arguments[1]); });
  on("/api/log/head", [this](const http::Request&, const Arguments&) -> Result<http::Response> {
    CAIRN_ASSIGN(const auto head, guard_.ledger().head());
    return http::json(200, head.to_json());
  });
}

}  // namespace cairn::serve
