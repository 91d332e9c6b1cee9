// Runs a coordinator over HTTP: `cairn host` as a library call. Blocks until the run is complete, halted or stopped.
//
// The run's folder holds everything: plan.json, run.db (the machine's rows), blobs/ (checkpoints, contributions,
// evidence, by digest), rounds/ (the published record) and key (the coordinator's own). A folder that holds a run
// already is continued. Volunteers' requests are answered on the HTTP server's threads, replays and merges are done on
// one thread of their own. What a volunteer may be handed is the caller's to say: every shard comes from `shards`.
// docs/formats/swarm-protocol.md describes the requests and the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/env.h"
#include "base/result.h"
#include "swarm/claim.h"
#include "swarm/plan.h"
#include "tensor/context.h"

namespace cairn::swarm {

struct ShardRequest {
  UnitId unit;
  std::optional<VolunteerId> volunteer;  // none: the coordinator's own replay
};
// The shard's bytes, which the host checks against the plan. denied or unknown goes to the volunteer as 403 with the
// error's detail (the verdict); refused to the coordinator's own replay, it halts the run. Called from several threads.
using ShardProvider = std::function<Result<Bytes>(const ShardRequest&)>;

// A folder of shards, each named by its digest in hexadecimal.
ShardProvider shards_from_folder(const std::filesystem::path& folder, const Plan& plan);

struct HostOptions {
  std::filesystem::path run;          // the run's folder; made where there is none
  std::optional<Plan> plan;           // none: continue what the folder holds. Another plan than the folder's is invalid
  Bytes checkpoint;                   // the first model's file; may be empty where the run is continued
  ShardProvider shards;               // none: from the folder "shards" inside the run's
  bool keep_shards = false;           // keep each shard handed out in the run's folder, so that it alone can be audited
  std::string address = "127.0.0.1";  // plain HTTP: another address than loopback needs TLS in front of it
  std::uint16_t port = 0;             // 0: any free one
  tensor::ContextOptions compute;     // for replays and merges
  std::function<void(const std::string& url)> on_listening;
  std::function<void(std::string_view json_line)> on_event;  // from any thread, one at a time
  std::function<bool()> stop;                                // asked a few times a second
  Env env;
};

struct HostSummary {
  RunId run;
  std::string name;
  Digest model;  // of the final weights' file, as sha256sum prints it
  std::filesystem::path model_file;
  std::uint32_t rounds = 0;
  std::uint64_t units = 0, tokens = 0, parameters = 0;
  std::uint64_t contributions = 0;  // accepted and merged
  std::uint64_t audits = 0, reissued = 0;
  double loss = 0;     // nats per token, mean of the last round
  double seconds = 0;  // since the run began, over all starts
  struct Caught {
    VolunteerId volunteer;
    std::string name;
    UnitId unit;
    std::filesystem::path evidence;
    std::string explanation;
  };
  std::vector<Caught> cheats;
  struct Contributor {
    VolunteerId id;
    std::string name;
    std::uint64_t units = 0, tokens = 0;
    bool put_out = false;
  };
  std::vector<Contributor> volunteers;
};
std::string to_json(const HostSummary& summary);

// busy: the port, or the folder, is in use. invalid: the plan fails its check, is not the folder's, or the checkpoint
// does not have its digest. denied, unknown: a shard was refused to the replay. interrupted: stop() said so; the run is
// kept and can be continued. no_space, failed: the folder.
Result<HostSummary> host(HostOptions options);

}  // namespace cairn::swarm
