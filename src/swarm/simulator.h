// A whole run in one process, from one seed: the same two state machines as on the network, a toy in the place of the
// model (hashes), and a world that loses, delays, doubles and reorders messages, crashes either side at any moment,
// and has volunteers that lie. Invariants are checked at every event; the first one broken ends the run with its words.
// Not a measure of speed: its clock is simulated. Pure: the same options give the same report.
#pragma once

#include <cstdint>
#include <string>

#include "base/digest.h"

namespace cairn::swarm {

struct SimulationOptions {
  std::uint64_t seed = 0;
  std::uint32_t rounds = 4, lanes = 4;
  std::uint32_t honest = 3, liars = 2;
  double audit_share = 1.0;
  double loss = 0.08, duplication = 0.08;  // of messages, each way
  double crash = 0.01;                     // of a side, per event that it handles
  std::uint64_t faults_until_ms = 60'000;  // simulated; from then on everything is delivered and nothing crashes
  std::uint64_t most_ms = 3'600'000;       // by then the run must be complete
};

struct SimulationReport {
  std::string violation;  // empty: every invariant held
  Digest model;
  std::uint64_t simulated_ms = 0, events = 0;
  // What this seed reached, so that a test can tell that the rare things do happen.
  std::uint64_t coordinator_crashes = 0, volunteer_crashes = 0, lost = 0, doubled = 0, lies_received = 0, put_out = 0,
                reissued = 0, not_needed = 0, audits = 0, unaudited_lies_merged = 0;
};

SimulationReport simulate(const SimulationOptions& options);

// The model that the plan of such a simulation leads to, computed without machines, volunteers or faults.
Digest simulated_model(const SimulationOptions& options);

}  // namespace cairn::swarm
