// How the steps ask and store: the use of someone working on their own machine, and an output as one call.
// The guard does the work; nothing here decides anything.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "guard/guard.h"

namespace cairn::work {

// `action` by the site's owner on the machine they sit at: the use that a step of the pipeline is.
permit::Use own_use(std::string action);

// Whether an error is a permit's answer (denied or unknown) and not a failure.
bool is_refusal(const Error& error);

// An asset to be. It owns its bytes, but for those of `viewed`, which must stay until it is stored.
struct Made {
  std::string kind, name, step;
  Json settings = Json::object();
  Json properties = Json::object();
  std::string role;
  Bytes bytes;
  ByteParts viewed;  // what follows `bytes` in the same blob
  struct Blob {
    std::string role;
    Bytes bytes;
  };
  std::vector<Blob> more;
};

// Stores what was made from what the passes are for. Where just this is there already (the same step, settings, inputs
// and bytes, and not revoked), that asset is the answer: doing a thing twice makes it once. Errors: Guard::commit's.
Result<AssetId> commit(guard::Guard& guard, std::span<const guard::Pass> passes, const Made& made);

// Stores what came from outside under the permit that was declared for it there; the same again is the same asset.
// invalid: the site has another asset of this kind and name, with other bytes or under another permit.
Result<AssetId> commit_root(guard::Guard& guard, const Made& made, const permit::Permit& permit,
                            const std::string& where, const std::string& by);

}  // namespace cairn::work
