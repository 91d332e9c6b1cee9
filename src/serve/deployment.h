// What is served: a base, its tokenizer, and the modules that may be switched on over it. As an asset of kind
// "deployment" it is this plan alone, in its manifest's settings (docs/formats/http-api.md): it has no bytes.
// Not permission: naming a part here opens nothing; authority.h asks for every use. Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "guard/guard.h"
#include "permit/use.h"

namespace cairn::serve {

struct PartRef {
  std::string name;  // [a-z0-9][a-z0-9-]{0,63}; "base" and "none" are taken
  AssetId asset;
  bool operator==(const PartRef&) const = default;
};

struct DeploymentPlan {
  std::string name;  // for people
  AssetId base, tokenizer;
  std::vector<PartRef> modules;  // at most 64; names and assets differ
  std::optional<AssetId> spec;
  bool operator==(const DeploymentPlan&) const = default;
};

// "Ada's mailbox (2026)" to "ada-s-mailbox-2026": a name that a request can carry.
std::string part_name(std::string_view name);

std::string to_json(const DeploymentPlan& plan);  // canonical
// malformed: not such an object; invalid: names that are taken, ill-formed or double.
Result<DeploymentPlan> plan_from_json(std::string_view json);

// Stores the plan as an asset that descends from all its parts, each of which must allow `use` with the action
// "deploy": denied or unknown otherwise, naming the part. Errors of the guard.
Result<AssetId> commit_deployment(guard::Guard& guard, const DeploymentPlan& plan, permit::Use use);

// Reads it back; revoked parts do not matter here. invalid: the asset is no deployment. not_found.
Result<DeploymentPlan> load_deployment(const guard::Guard& guard, const AssetId& deployment);

// A plan from parts that someone names one by one; modules take their assets' names. invalid: a part of another kind
// than its place takes, or two modules of one name. not_found.
Result<DeploymentPlan> plan_of_parts(const guard::Guard& guard, const AssetId& base, const AssetId& tokenizer,
                                     const std::vector<AssetId>& modules, std::optional<AssetId> spec);

}  // namespace cairn::serve
