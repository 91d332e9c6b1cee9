// The coordinator as a running thing: the state machine, its folder and its workbench, behind one lock.
// Requests come as values and are answered as values; HTTP is put in front by host.cc. Replays and merges run on a
// thread of its own, one at a time, in the order in which they fell due.
// Thread rule: every public function from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/json.h"
#include "swarm/coordinator.h"
#include "swarm/host.h"
#include "swarm/run_folder.h"
#include "swarm/workbench.h"

namespace cairn::swarm {

class CoordinatorService {
 public:
  // All outlive it.
  CoordinatorService(RunFolder& folder, Coordinator machine, Workbench& bench, const HostOptions& options);
  ~CoordinatorService();

  // Feeds the event Opened and starts the working thread.
  void start();
  // Stops the working thread; a replay under way is given up. Waiting requests are answered.
  void stop();

  // Turns the machine. The answer is set for the events that have one; an error where the folder cannot be written: the
  // service is then over.
  Result<std::optional<Answer>> apply(const CoordinatorEvent& event);
  // As apply(AskWork), holding the answer for up to `wait` while there is no work.
  Result<Answer> ask_work(const VolunteerId& volunteer, Duration wait);
  // As apply(Claimed), keeping the contribution's bytes first where the claim could matter; they are those it names.
  Result<Answer> claim(const Claim& claim, ByteView contribution);
  // The shard of a unit, for a volunteer that may compute it now. not_found: it may not. Else the provider's errors.
  Result<Bytes> shard_for(const VolunteerId& volunteer, UnitId unit);
  // Whether this is a volunteer that takes part, and `digest` the checkpoint in work.
  bool may_fetch(const VolunteerId& volunteer, const Digest& checkpoint);

  // Waits until something happened or `at_most` has passed; turns the clock. True once the run is over, for good or
  // ill.
  bool wait(Duration at_most);
  // The error that ended it, where one did.
  std::optional<Error> error();
  // Waits until someone was answered or `at_most` has passed; for the time after the end.
  void linger(Duration at_most);
  // Whether every active volunteer that was here lately has been told that the run is over.
  bool all_told();

  Json status();
  void report_progress();
  void emit(Json event);

 private:
  using Task = std::variant<DoReplay, DoMerge>;
  Result<std::optional<Answer>> apply_locked(const CoordinatorEvent& event);
  void note_answer(const CoordinatorEvent& event, const Answer& answer);
  void note_changes(const CoordinatorEvent& event, const CoordinatorStep& step);
  void perform(const CoordinatorAction& action);
  std::uint64_t settled_units() const;
  void end(std::optional<Error> error);
  void work();
  Result<Replay> replay(const Assignment& work);
  Result<Digest> merge(const DoMerge& merge);
  bool mergeable(ByteView contribution) const;
  Result<Bytes> shard_bytes(const ShardRequest& request);
  std::uint64_t seed();
  std::string name_of_volunteer(const VolunteerId& id) const;

  RunFolder& folder_;
  Workbench& bench_;
  const HostOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_, work_due_;
  Coordinator machine_;
  std::deque<Task> tasks_;
  std::map<VolunteerId, TimePoint> seen_;
  std::set<VolunteerId> told_;
  std::uint64_t wakes_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t settled_at_start_ = 0;
  TimePoint started_;
  bool over_ = false, stopping_ = false;
  std::optional<Error> error_;
  std::mutex event_mutex_;
  std::thread worker_;
};

}  // namespace cairn::swarm
