#include "serve/deployment.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/json.h"

namespace cairn::serve {
namespace {

constexpr std::size_t kMostModules = 64;
constexpr std::size_t kLongestName = 64;

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

Status check_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kLongestName && lower_or_digit(name[0]) &&
                    std::all_of(name.begin(), name.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
  if (!fits)
    return fail(ErrorCode::invalid, "a module's name is small letters, digits and '-', at most {}", kLongestName);
  if (name == "base" || name == "none") return fail(ErrorCode::invalid, "no module may be named \"{}\"", name);
  return {};
}

Status check(const DeploymentPlan& plan) {
  if (plan.name.empty() || plan.name.size() > 200)
    return fail(ErrorCode::invalid, "a deployment's name has 1 to 200 bytes");
  if (plan.modules.size() > kMostModules)
    return fail(ErrorCode::invalid, "{} modules; at most {} are served", plan.modules.size(), kMostModules);
  for (std::size_t i = 0; i < plan.modules.size(); ++i) {
    CAIRN_TRY(check_name(plan.modules[i].name));
    for (std::size_t j = 0; j < i; ++j)
      if (plan.modules[i].name == plan.modules[j].name || plan.modules[i].asset == plan.modules[j].asset)
        return fail(ErrorCode::invalid, "module \"{}\" is named twice", plan.modules[i].name);
  }
  return {};
}

Result<AssetId> get_asset(const Json& json, const char* key) {
  CAIRN_ASSIGN(const Digest digest, get_digest(json, key));
  return AssetId{digest};
}

Status expect_kind(const guard::Guard& guard, const AssetId& id, std::initializer_list<std::string_view> kinds) {
  CAIRN_ASSIGN(const auto asset, guard.ledger().summary(id));
  if (std::find(kinds.begin(), kinds.end(), asset.kind) != kinds.end()) return {};
  return fail(ErrorCode::invalid, "{} is a {}, expected a {}", id.brief(), asset.kind, *kinds.begin());
}

}  // namespace

std::string part_name(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    if (lower_or_digit(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != '-') {
      out.push_back('-');
    }
    if (out.size() == kLongestName) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() || out == "base" || out == "none" ? "module" : out;
}

std::string to_json(const DeploymentPlan& plan) {
  Json modules = Json::array();
  for (const PartRef& module : plan.modules) modules.push_back({{"name", module.name}, {"asset", module.asset.hex()}});
  Json json{{"name", plan.name},
            {"base", plan.base.hex()},
            {"tokenizer", plan.tokenizer.hex()},
            {"modules", std::move(modules)}};
  if (plan.spec) json["spec"] = plan.spec->hex();
  return canonical(json);
}

Result<DeploymentPlan> plan_from_json(std::string_view text) {
  CAIRN_ASSIGN(const Json json, parse_json(text));
  DeploymentPlan plan;
  CAIRN_ASSIGN(plan.name, get_string(json, "name"));
  CAIRN_ASSIGN(plan.base, get_asset(json, "base"));
  CAIRN_ASSIGN(plan.tokenizer, get_asset(json, "tokenizer"));
  CAIRN_ASSIGN(const Json* modules, get_array(json, "modules"));
  for (const Json& module : *modules) {
    PartRef part;
    CAIRN_ASSIGN(part.name, get_string(module, "name"));
    CAIRN_ASSIGN(part.asset, get_asset(module, "asset"));
    plan.modules.push_back(std::move(part));
  }
  if (json.contains("spec")) {
    CAIRN_ASSIGN(plan.spec, get_asset(json, "spec"));
  }
  CAIRN_TRY(check(plan));
  return plan;
}

Result<AssetId> commit_deployment(guard::Guard& guard, const DeploymentPlan& plan, permit::Use use) {
  CAIRN_TRY(check(plan));
  use.action = "deploy";
  std::vector<AssetId> parts{plan.base, plan.tokenizer};
  for (const PartRef& module : plan.modules) parts.push_back(module.asset);
  if (plan.spec) parts.push_back(*plan.spec);
  std::vector<guard::Pass> passes;
  for (const AssetId& part : parts) {
    auto pass = guard.authorise(use, part);
    if (!pass) return fail(std::move(pass).error().within("deploying " + part.brief()));
    passes.push_back(std::move(*pass));
  }
  return guard.commit(passes, {.kind = "deployment", .name = plan.name, .step = "deploy", .settings = to_json(plan)});
}

Result<DeploymentPlan> load_deployment(const guard::Guard& guard, const AssetId& deployment) {
  CAIRN_ASSIGN(const auto asset, guard.ledger().asset(deployment));
  if (asset.manifest.kind != "deployment")
    return fail(ErrorCode::invalid, "{} is a {}, expected a deployment", deployment.brief(), asset.manifest.kind);
  auto plan = plan_from_json(asset.manifest.settings);
  if (!plan) return fail(std::move(plan).error().within("deployment " + deployment.brief()));
  return plan;
}

Result<DeploymentPlan> plan_of_parts(const guard::Guard& guard, const AssetId& base, const AssetId& tokenizer,
                                     const std::vector<AssetId>& modules, std::optional<AssetId> spec) {
  CAIRN_TRY(expect_kind(guard, base, {"model", "checkpoint"}));
  CAIRN_TRY(expect_kind(guard, tokenizer, {"tokenizer"}));
  if (spec) CAIRN_TRY(expect_kind(guard, *spec, {"spec"}));
  CAIRN_ASSIGN(const auto summary, guard.ledger().summary(base));
  DeploymentPlan plan{.name = summary.name, .base = base, .tokenizer = tokenizer, .spec = spec};
  for (const AssetId& module : modules) {
    CAIRN_TRY(expect_kind(guard, module, {"module"}));
    CAIRN_ASSIGN(const auto described, guard.ledger().summary(module));
    plan.modules.push_back({part_name(described.name), module});
  }
  CAIRN_TRY(check(plan));
  return plan;
}

}  // namespace cairn::serve
