// Checks a run from its published record, on any machine, with any number of threads and any instruction set: the
// chain of signed records, the stored bytes against their digests, and units and merges computed again from inputs.
// Trusts nobody: neither the coordinator nor a volunteer. Not a part of a running run (the coordinator replays by
// itself).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "swarm/claim.h"
#include "swarm/host.h"
#include "tensor/context.h"

namespace cairn::swarm {

struct AuditOptions {
  std::filesystem::path run;  // the run's folder
  std::vector<UnitId> units;  // to replay; none: `drawn` of them, by the seed
  std::uint32_t drawn = 1;    // 0 with no units: the stored bytes and the records alone
  std::uint64_t seed = 0;
  bool merges = true;    // compute the merges of the rounds of those units again, too
  ShardProvider shards;  // none: from the folder "shards" inside the run's
  tensor::ContextOptions compute;
  Env env;
};

struct AuditFinding {
  std::string place;    // "round 3", "unit r3.l1, stretch 2", "contribution of unit r3.l1, byte 4711"
  std::string message;  // expected against got
};

struct AuditReport {
  RunId run;
  std::uint32_t records = 0;        // round records read, all signed and chained
  std::uint64_t contributions = 0;  // whose stored bytes were compared with their digest
  std::vector<UnitId> replayed;
  std::uint64_t states = 0;  // compared with those committed
  std::uint32_t merges = 0;
  std::string isa;
  int threads = 0;
  std::vector<AuditFinding> findings;  // empty: all is as published
  bool sound() const { return findings.empty(); }
};
std::string to_json(const AuditReport& report);

// not_found: no record, or no shard for a unit that is to be replayed. What is wrong with the run is a finding, not an
// error.
Result<AuditReport> audit_run(const AuditOptions& options);

struct EvidenceReport {
  Cheat cheat;          // as the file has it
  Replay replay;        // ours
  bool proven = false;  // our replay differs from the claim, in the place the file names
  std::string explanation;
};
std::string to_json(const EvidenceReport& report);

// Replays the unit of an evidence file with the checkpoint and shard from `options.run`. malformed or invalid: the file
// proves nothing by itself (not signed by the accused, say); not_found: the inputs are not there.
Result<EvidenceReport> audit_evidence(const std::filesystem::path& file, const AuditOptions& options);

}  // namespace cairn::swarm
