// The ledger of a site: manifests, their lineage, permits by digest, revocations, and the append-only log of all that
// happened. It answers anyone who asks; whatever changes it asks for the guard's key. It knows no permit's meaning and
// hands out no bytes.
//
// Durable: a call that returned has reached the disk; kill -9 at any point leaves either all of a change or nothing of
// it. Several processes may have one site open at once: readers never wait, writers wait for one another for up to ten
// seconds and then answer `busy`. A Ledger may be used by several threads. Every function answers `failed`, `busy`,
// `no_space` or `malformed` as the database does, beside what it names itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "ledger/door_key.h"
#include "ledger/log.h"
#include "ledger/manifest.h"
#include "ledger/site.h"
#include "ledger/verify.h"

namespace cairn::ledger {

struct Asset {
  AssetId id;
  Manifest manifest;
  Signature signature{};
};

// An asset's line in a list.
struct AssetSummary {
  AssetId id;
  std::string kind, name;
  TimePoint created{};
  PermitId permit;
  bool revoked = false;  // itself, or something it descends from
};

struct Revocation {
  AssetId root;  // the asset that was revoked
  Epoch epoch;   // that its revocation began
  std::string reason, actor;
  TimePoint at{};
};

class Ledger {
 public:
  // not_found, malformed, unsupported as open_site(); malformed also where the key in keys/ is not the site's.
  // `env` must outlive the ledger.
  static Result<Ledger> open(const std::filesystem::path& root, const Env& env);
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  const Site& site() const;

  // --- assets
  Result<Asset> asset(const AssetId& id) const;           // not_found
  Result<AssetSummary> summary(const AssetId& id) const;  // not_found
  // By whole id, by at least four digits of one, or by name. not_found; invalid where several fit: the message lists
  // them.
  Result<AssetId> find(std::string_view what) const;
  // In the order in which they were committed; only of `kind`, if given.
  Result<std::vector<AssetSummary>> list(std::string_view kind = {}) const;
  Result<std::string> permit_text(const PermitId& id) const;  // not_found

  // --- lineage. All orders are by commit, so equal ledgers give equal answers. not_found: no such asset.
  Result<std::vector<AssetId>> inputs(const AssetId& id) const;
  Result<std::vector<AssetId>> outputs(const AssetId& id) const;      // made directly from it
  Result<std::vector<AssetId>> ancestors(const AssetId& id) const;    // without itself
  Result<std::vector<AssetId>> descendants(const AssetId& id) const;  // without itself
  // The shortest way from an asset down to what was made of it, both ends named; of equal ways the one committed first.
  // Empty where `to` does not descend from `from`; one element where they are the same.
  Result<std::vector<AssetId>> path(const AssetId& from, const AssetId& to) const;
  // The nearest ancestor (itself included) for each own permit, that is one declared or added there: the sources of the
  // effective permit. Ascending by distance, then by commit.
  struct Source {
    AssetId asset;
    PermitId permit;
    bool undeclared = false;  // a root whose permit nobody declared
  };
  Result<std::vector<Source>> sources(const AssetId& id) const;

  // --- revocation
  Result<Epoch> epoch() const;
  // What was revoked among the asset and its ancestors, by epoch.
  Result<std::vector<Revocation>> revocations(const AssetId& id) const;

  // --- log
  Result<TreeHead> head() const;
  Result<LogEntry> entry(std::uint64_t index) const;  // not_found
  Result<std::vector<LogEntry>> entries(std::uint64_t from, std::size_t at_most) const;
  // In the tree of `size` entries (0: the present one). invalid: outside it.
  Result<InclusionProof> prove_inclusion(std::uint64_t index, std::uint64_t size = 0) const;
  Result<ConsistencyProof> prove_consistency(std::uint64_t old_size, std::uint64_t size = 0) const;
  // The entry that recorded an asset's commit. not_found.
  Result<std::uint64_t> entry_of(const AssetId& id) const;

  // Reads everything again and compares it with what signatures and hashes say; see verify.h.
  Result<VerifyReport> verify() const;

  // --- changes; the guard's alone
  struct NewPermit {
    PermitId id;
    std::string text;
  };
  // Manifest, edges, permits and log entry in one transaction. stale: the epoch is not `expected`. not_found: an input
  // does not exist. Fills in author and nonce. The blobs must be in place already.
  Result<AssetId> commit(DoorKey, Manifest manifest, const std::vector<NewPermit>& permits, Epoch expected);
  // Adds an entry; `payload` is a canonical JSON object.
  Result<std::uint64_t> append(DoorKey, std::string_view event, std::string_view payload);
  // Raises the epoch, marks the asset and all that descends from it, logs it. invalid: revoked already.
  Result<Revocation> revoke(DoorKey, const AssetId& id, std::string_view reason, std::string_view actor);

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::ledger
