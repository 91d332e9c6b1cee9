// Runs a volunteer over HTTP: `cairn join` as a library call. Outbound requests only; receives data, never code.
// Blocks until the run is over, the volunteer is put out or stopped. Three threads: one that turns the state machine,
// one for requests, one that computes. Its folder keeps its key, a claim that is not yet taken, and its receipts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/result.h"
#include "swarm/claim.h"
#include "swarm/plan.h"
#include "tensor/context.h"

namespace cairn::swarm {

// Ways to cheat, for demonstrations and tests: the volunteer of the tour that is caught.
enum class CheatKind : std::uint8_t {
  none,
  contribution,  // computes honestly, then alters the contribution
  states,        // alters a committed state
  skip,          // computes nothing and invents states and contribution
  stale,         // hands in its first contribution again and again
  silence,       // takes units, keeps them alive, never reports
};
std::string_view name_of(CheatKind kind);
// invalid: another word; the hint lists them.
Result<CheatKind> cheat_kind_from(std::string_view text);

struct JoinOptions {
  std::string url;               // "http://127.0.0.1:PORT": loopback, or https to anywhere
  std::filesystem::path folder;  // its own; made where there is none
  std::string name = "volunteer";
  tensor::ContextOptions compute;
  double throttle = 1.0;         // the share of the time that it computes, in (0, 1]
  std::uint64_t most_units = 0;  // leave after as many; 0: stay to the end
  CheatKind cheat = CheatKind::none;
  std::function<void(std::string_view json_line)> on_event;  // from any thread, one at a time
  std::function<bool()> stop;                                // asked a few times a second
  Env env;
};

struct JoinSummary {
  RunId run;
  VolunteerId volunteer;
  std::uint64_t units = 0, tokens = 0;
  double seconds = 0;
  bool put_out = false;
  Digest evidence;  // where put out
};
std::string to_json(const JoinSummary& summary);

// unreachable: the coordinator did not answer for too long. unsupported: it speaks another protocol or profile.
// malformed: inputs without their digest, again and again. interrupted: stop() said so.
Result<JoinSummary> join(JoinOptions options);

}  // namespace cairn::swarm
