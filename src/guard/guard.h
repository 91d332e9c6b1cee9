// The guard: the only door to a site's bytes. It answers what an asset may be used for, makes passes for what is
// allowed, opens blobs for passes, and stores outputs with the permit that they inherit. Every verdict goes into the
// site's log.
//
// Not a jail: it stops mistakes and hidden use through Cairn, not whoever owns the disk or lies about a purpose
// (docs/threat-model.md says what is claimed).
//
// Asset-changing calls are durable when they return and leave all or nothing after kill -9. Any thread may call;
// several processes may have guards on one site. Every function can answer failed, busy, no_space and malformed as the
// ledger does, beside what it names.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "guard/output.h"
#include "guard/pass.h"
#include "guard/reader.h"
#include "ledger/ledger.h"
#include "permit/permit.h"

namespace cairn::guard {

// Who acts, as the site's log shall name them: "cairn train", "coordinator". No personal data unless its owner wants it
// there.
struct Actor {
  std::string name;
};

struct GuardState;

struct GuardOptions {
  Duration pass_lifetime = std::chrono::hours(1);
};

// A revocation and all that it reached: everything that descends from the asset, in order of commit.
struct Withdrawal {
  ledger::Revocation revocation;
  std::vector<ledger::AssetSummary> reached;
};

class Guard {
 public:
  // As Ledger::open(); invalid: an actor's name that is empty, longer than 64 bytes or holds control characters. `env`
  // must outlive it.
  static Result<Guard> open(const std::filesystem::path& site, Actor actor, const Env& env, GuardOptions options = {});
  Guard(Guard&&) noexcept;
  Guard& operator=(Guard&&) noexcept;
  ~Guard();

  // May I? The verdict with the fewest sources that decide it, each with the shortest path from the asset to it;
  // logged. A use without `when` is asked for today. not_found: no such asset.
  Result<permit::Verdict> judge(const permit::Use& use, const AssetId& asset);
  // The same, and a pass if it is allowed, for today. denied or unknown: the verdict is the error's detail, as JSON.
  Result<Pass> authorise(const permit::Use& use, const AssetId& asset);
  // stale: the epoch moved or the deadline passed; invalid: the pass is another site's.
  Status check(const Pass& pass) const;

  // The blob that the asset's manifest names for `role`. stale and invalid as check(); invalid also where the pass is
  // for another asset; not_found: no such role; malformed: the stored bytes do not have their digest.
  Result<Reader> open(const Pass& pass, const AssetId& asset, std::string_view role) const;

  // Stores an asset made from what the passes are for (with no passes: a root). Its permit is the meet of the inputs'
  // permits and of what `output` declares: the one place where permits are inherited. stale and invalid as check();
  // invalid: a field (see ledger::check), a role twice, declared and inputs both; not_found: a file that is not there.
  Result<AssetId> commit(std::span<const Pass> passes, const Output& output);

  // The effective permit, revocations apart. not_found.
  Result<permit::Permit> permit_of(const AssetId& asset) const;
  Result<Epoch> epoch() const;

  // All that descends from the asset, in order of commit. not_found.
  Result<std::vector<ledger::AssetSummary>> reach(const AssetId& asset) const;
  // Ends permission for the asset and all that descends from it, at once: the epoch moves, every pass of the site goes
  // stale. Nothing else is touched. invalid: revoked already, or no reason given; not_found.
  Result<Withdrawal> revoke(const AssetId& asset, std::string_view reason);

  // Adds an entry of the caller's own to the log. `payload` is a JSON object; `event` as a manifest's kind, and not one
  // of the ledger's own ("asset", "verdict", "revocation"): invalid.
  Result<std::uint64_t> record(std::string_view event, std::string_view payload);

  // To ask about assets, lineage and the log.
  const ledger::Ledger& ledger() const;

 private:
  explicit Guard(std::unique_ptr<GuardState> state);
  Result<permit::Verdict> decide_and_log(permit::Use use, const AssetId& asset, std::string_view act);
  struct Inherited {
    std::vector<AssetId> inputs;
    permit::Permit permit;
    std::optional<ledger::DeclaredPermit> declared, restriction;
    std::vector<ledger::Ledger::NewPermit> permits;  // the inherited one last
  };
  Result<Inherited> inherit(std::span<const Pass> passes, const Output& output) const;
  std::unique_ptr<GuardState> state_;
};

}  // namespace cairn::guard
