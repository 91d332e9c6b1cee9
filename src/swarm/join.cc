#include "swarm/join.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/json.h"
#include "swarm/volunteer_service.h"

namespace cairn::swarm {
namespace {

constexpr int kFirstAttempts = 60;
constexpr Duration kBetweenAttempts{500};

// The coordinator may start a moment after its volunteers.
Result<CoordinatorClient> reach(const JoinOptions& options, const SecretKey& key, const std::function<bool()>& stop) {
  std::mutex mutex;
  std::condition_variable never;
  for (int attempt = 1;; ++attempt) {
    auto client = CoordinatorClient::connect(options.url, key, stop);
    if (client || client.error().code != ErrorCode::unreachable || attempt == kFirstAttempts) return client;
    const std::string note = fmt::format("no answer at {}, trying again", options.url);
    options.env.progress({"join", static_cast<double>(attempt), kFirstAttempts, "attempts", note});
    std::unique_lock lock(mutex);
    never.wait_for(lock, kBetweenAttempts, stop);
    if (stop()) return fail(ErrorCode::interrupted, "asked to stop");
  }
}

}  // namespace

std::string to_json(const JoinSummary& summary) {
  Json json{{"run", summary.run.hex()},
            {"volunteer", summary.volunteer.hex()},
            {"units", summary.units},
            {"tokens", summary.tokens},
            {"seconds", summary.seconds},
            {"put_out", summary.put_out},
            {"evidence", summary.put_out ? Json(summary.evidence.hex()) : Json()}};
  return canonical(json);
}

Result<JoinSummary> join(JoinOptions options) {
  if (!(options.throttle > 0 && options.throttle <= 1))
    return fail(ErrorCode::invalid, "throttle: expected more than 0 and at most 1, got {}", options.throttle);
  const TimePoint began = options.env.clock.now();
  CAIRN_ASSIGN(VolunteerFolder folder, VolunteerFolder::open(options.folder, options.env.entropy));
  std::atomic<bool> leaving{false};
  const auto stop = [&] { return leaving.load() || (options.stop && options.stop()); };
  CAIRN_ASSIGN(CoordinatorClient client, reach(options, folder.key(), stop));
  CAIRN_ASSIGN(Workbench bench, Workbench::make(client.plan(), options.compute));
  JoinSummary summary;
  summary.run = client.run();
  summary.volunteer = folder.key().public_key();
  Leave leave;
  {
    VolunteerService service(client, bench, folder, options);
    leave = service.run();
    leaving = true;  // a request that is still under way is given up
    summary.units = service.units_taken();
  }
  summary.tokens = summary.units * client.plan().tokens_per_unit();
  summary.seconds = static_cast<double>((options.env.clock.now() - began).count()) / 1000;
  summary.put_out = leave.final == VolunteerState::put_out;
  summary.evidence = leave.evidence;
  if (leave.error) return fail(std::move(*leave.error));
  return summary;
}

}  // namespace cairn::swarm
