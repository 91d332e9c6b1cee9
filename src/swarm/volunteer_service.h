// The volunteer as a running thing: the state machine, and two threads that do what it asks: one for requests, one that
// computes. Their outcomes come back as events through one queue, which the caller's thread turns.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json.h"
#include "swarm/cheat.h"
#include "swarm/coordinator_client.h"
#include "swarm/join.h"
#include "swarm/volunteer.h"
#include "swarm/volunteer_folder.h"
#include "swarm/workbench.h"

namespace cairn::swarm {

class VolunteerService {
 public:
  // All outlive it.
  VolunteerService(CoordinatorClient& client, Workbench& bench, VolunteerFolder& folder, const JoinOptions& options);
  ~VolunteerService();

  // Turns the machine until it leaves.
  Leave run();
  std::uint64_t units_taken() const { return machine_.units_taken(); }

 private:
  struct Job {  // for the computing thread
    Assignment work;
    Bytes checkpoint, shard;
  };
  void post(VolunteerEvent event);
  void turn(const VolunteerEvent& event);
  void perform(const VolunteerAction& action);
  void request(std::uint64_t number, std::function<Result<Answer>()> ask);
  Result<Answer> send_claim(const Claim& claim);
  void fetch(const Fetch& fetch);
  void network();
  void compute();
  void compute_unit(const Job& job);
  Result<Computed> result_of(const Job& job);
  void rest(std::chrono::steady_clock::duration busy);
  void stay_silent();
  void show_progress(const train::StepReport& report);
  void emit(Json event);
  std::uint64_t seed();

  CoordinatorClient& client_;
  Workbench& bench_;
  VolunteerFolder& folder_;
  const JoinOptions& options_;
  Cheater cheater_;
  Volunteer machine_;
  std::optional<Leave> left_;

  std::mutex mutex_;  // over all below
  std::condition_variable event_due_, request_due_, job_due_;
  std::deque<VolunteerEvent> events_;
  std::deque<std::function<void()>> requests_;
  std::optional<Job> fetched_, job_;   // fetched: waits for ComputeUnit
  std::optional<Bytes> contribution_;  // of the claim in hand
  std::optional<train::StepReport> shown_;
  bool cancelled_ = false, ending_ = false;

  Digest checkpoint_digest_;  // the network thread's alone: the last checkpoint downloaded
  Bytes checkpoint_;
  std::mutex event_mutex_;
  std::thread network_, compute_;
};

}  // namespace cairn::swarm
