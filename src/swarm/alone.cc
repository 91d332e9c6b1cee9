#include "swarm/alone.h"

#include "swarm/coordinator_service.h"
#include "swarm/summary.h"
#include "swarm/volunteer_folder.h"

namespace cairn::swarm {
namespace {

constexpr Duration kPatience{200};  // how long one asking for work waits while a replay or merge is under way

class Loner {
 public:
  Loner(RunFolder& folder, CoordinatorService& service, Workbench& bench, const SecretKey& key,
        const HostOptions& options)
      : folder_(folder), service_(service), bench_(bench), key_(key), options_(options) {}

  // Until the run is over or stop() says so.
  Status work(const std::string& name) {
    CAIRN_TRY(service_.apply(Hello{id(), name}));
    while (!stopped() && !service_.wait(Duration(0))) {
      CAIRN_ASSIGN(const Answer answer, service_.ask_work(id(), kPatience));
      if (const auto* assigned = std::get_if<Assigned>(&answer)) CAIRN_TRY(compute(assigned->work));
      if (const auto* banished = std::get_if<Banished>(&answer)) return fail(faulty(banished->evidence));
      if (std::holds_alternative<RunOver>(answer)) break;
      service_.report_progress();
    }
    return {};
  }

 private:
  VolunteerId id() const { return key_.public_key(); }
  bool stopped() const { return options_.stop && options_.stop(); }

  Status compute(const Assignment& work) {
    CAIRN_ASSIGN(const Bytes shard, options_.shards({work.unit, std::nullopt}));
    if (options_.keep_shards) CAIRN_TRY(folder_.shards().keep(shard));
    CAIRN_ASSIGN(const Bytes checkpoint, folder_.blobs().get(work.checkpoint, kMostCheckpointBytes));
    auto computed =
        bench_.compute(work, checkpoint, shard, {.progress = {}, .cancelled = [this] { return stopped(); }});
    if (!computed && computed.error().code == ErrorCode::interrupted) return {};  // the caller sees that it was stopped
    if (!computed) return fail(std::move(computed).error());
    const Claim claim = sign(run_id(folder_.plan()),
                             {.unit = work.unit,
                              .checkpoint = work.checkpoint,
                              .volunteer = id(),
                              .contribution = computed->replay.contribution,
                              .states = computed->replay.states,
                              .mean_loss = computed->replay.mean_loss,
                              .signature = {}},
                             key_);
    CAIRN_TRY(service_.claim(claim, computed->contribution));
    return {};
  }

  Error faulty(const Digest& evidence) const {
    return {ErrorCode::failed,
            "this computer computed a unit twice and got two results: its memory or processor errs",
            fmt::format("cairn audit {} shows where; try another computer", folder_.evidence_path(evidence).string()),
            {}};
  }

  RunFolder& folder_;
  CoordinatorService& service_;
  Workbench& bench_;
  const SecretKey& key_;
  const HostOptions& options_;
};

}  // namespace

Result<HostSummary> train_alone(AloneOptions options) {
  HostOptions& host = options.host;
  CAIRN_ASSIGN(RunFolder folder, RunFolder::open(host.run, host.plan, host.checkpoint, host.env));
  host.checkpoint.clear();
  if (!host.shards) host.shards = shards_from_folder(folder.shards_path(), folder.plan());
  // The key is kept: a run that is started again goes on as the same volunteer, with the unit it had in hand.
  CAIRN_ASSIGN(const VolunteerFolder self, VolunteerFolder::open(host.run / "volunteer", host.env.entropy));
  CAIRN_ASSIGN(Workbench merging, Workbench::make(folder.plan(), host.compute));
  CAIRN_ASSIGN(Workbench bench, Workbench::make(folder.plan(), host.compute));
  CAIRN_ASSIGN(Coordinator machine, folder.coordinator(host.env.clock.now()));
  CoordinatorService service(folder, std::move(machine), merging, host);
  service.start();
  const Status worked = Loner(folder, service, bench, self.key(), host).work(options.name);
  const bool over = service.wait(Duration(0));
  service.stop();
  if (auto error = service.error()) return fail(std::move(*error));
  if (!worked) return fail(worked.error());
  if (!over) return fail(ErrorCode::interrupted, "the run was stopped; all that was accepted is kept");
  service.report_progress();
  return summarise(folder, host.env.clock.now());
}

}  // namespace cairn::swarm
