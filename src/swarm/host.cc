#include "swarm/host.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/files.h"
#include "base/json.h"
#include "http/router.h"
#include "http/server.h"
#include "swarm/coordinator_service.h"
#include "swarm/summary.h"
#include "swarm/wire.h"

namespace cairn::swarm {
namespace {

using http::PathArguments;
using http::Request;
using http::Response;

constexpr std::size_t kWorkers = 32;
constexpr Duration kPoll{200};        // how often stop() is asked
constexpr Duration kFarewell{5'000};  // at most, for volunteers to hear that the run is over

Result<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "expected a number, got \"{}\"", text);
  return value;
}

// "bytes=N-" as a resumed download sends it; 0 for anything else, which gets the whole.
std::size_t resume_point(const Request& request, std::size_t size) {
  const std::string* range = request.header("Range");
  if (range == nullptr || !range->starts_with("bytes=") || !range->ends_with("-")) return 0;
  const auto from = number(range->substr(6, range->size() - 7));
  return from && *from < size ? *from : 0;
}

Response bytes_response(const Request& request, ByteView bytes) {
  const std::size_t from = resume_point(request, bytes.size());
  Response response =
      http::respond(from > 0 ? 206 : 200, "application/octet-stream", std::string(as_text(bytes.subspan(from))));
  response.headers.push_back({"Accept-Ranges", "bytes"});
  if (from > 0)
    response.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", from, bytes.size() - 1, bytes.size())});
  return response;
}

// The requests of docs/formats/swarm-protocol.md, turned into calls of the service.
class Front {
 public:
  Front(RunFolder& folder, CoordinatorService& service, const Clock& clock)
      : folder_(folder), service_(service), clock_(clock), run_(run_id(folder.plan())) {
    public_ = to_json(RunBody{kProtocol, folder.plan(), folder.key().public_key()});
  }

  http::Router router() {
    http::Router router;
    const auto route = [&](const char* method, const char* path,
                           Result<Response> (Front::*act)(const Request&, const PathArguments&)) {
      router.on(method, path, [this, act](const Request& request, const PathArguments& arguments) {
        Result<Response> response = (this->*act)(request, arguments);
        return response ? std::move(*response) : error_response(response.error());
      });
    };
    route("GET", "/v1/run", &Front::run);
    route("GET", "/v1/status", &Front::status);
    route("GET", "/v1/rounds/{round}", &Front::round);
    route("GET", "/v1/evidence/{digest}", &Front::evidence);
    route("POST", "/v1/hello", &Front::hello);
    route("POST", "/v1/work", &Front::work);
    route("POST", "/v1/heartbeat", &Front::heartbeat);
    route("POST", "/v1/claim", &Front::claim);
    route("GET", "/v1/checkpoints/{digest}", &Front::checkpoint);
    route("GET", "/v1/shards/{round}/{lane}", &Front::shard);
    return router;
  }

 private:
  Result<Response> run(const Request&, const PathArguments&) { return http::json(200, public_); }
  Result<Response> status(const Request&, const PathArguments&) {
    return http::json(200, canonical(service_.status()));
  }

  Result<Response> round(const Request&, const PathArguments& arguments) {
    CAIRN_ASSIGN(const std::uint32_t round, number(arguments[0]));
    CAIRN_ASSIGN(std::string text, read_text(round_path(folder_.path(), round)));
    return http::json(200, std::move(text));
  }

  Result<Response> evidence(const Request&, const PathArguments& arguments) {
    CAIRN_ASSIGN(const Digest digest, Digest::parse(arguments[0]));
    CAIRN_ASSIGN(std::string text, read_text(folder_.evidence_path(digest)));
    return http::json(200, std::move(text));
  }

  Result<Response> hello(const Request& request, const PathArguments&) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    CAIRN_ASSIGN(HelloBody body, hello_from_json(request.body));
    if (body.protocol != kProtocol || body.profile != folder_.plan().unit.profile)
      return fail_with_hint(ErrorCode::unsupported,
                            fmt::format("this run speaks protocol {} with profile {}, the volunteer {} with {}",
                                        kProtocol, folder_.plan().unit.profile, body.protocol, body.profile),
                            "update cairn");
    return answered(service_.apply(Hello{volunteer, std::move(body.name)}));
  }

  Result<Response> work(const Request& request, const PathArguments&) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    CAIRN_ASSIGN(const WorkBody body, work_from_json(request.body));
    CAIRN_ASSIGN(const Answer answer, service_.ask_work(volunteer, Duration(body.wait_ms)));
    return http::json(200, to_json(answer));
  }

  Result<Response> heartbeat(const Request& request, const PathArguments&) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    CAIRN_ASSIGN(const HeartbeatBody body, heartbeat_from_json(request.body));
    return answered(service_.apply(Heartbeat{volunteer, body.unit, body.done}));
  }

  Result<Response> claim(const Request& request, const PathArguments&) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    CAIRN_ASSIGN(const ClaimBody body, claim_from_body(request.body, folder_.plan().stretches()));
    if (body.claim.volunteer != volunteer || !is_signed(run_, body.claim))
      return fail(ErrorCode::invalid, "the claim for unit {} is not signed by volunteer {}", body.claim.unit.text(),
                  volunteer.brief());
    CAIRN_ASSIGN(const Answer answer, service_.claim(body.claim, body.contribution));
    Response response = http::json(200, to_json(answer));
    if (const auto* taken = std::get_if<Taken>(&answer))
      response.headers.push_back({"Cairn-Receipt", receipt(run_, volunteer, *taken, clock_.now(), folder_.key())});
    return response;
  }

  Result<Response> checkpoint(const Request& request, const PathArguments& arguments) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    CAIRN_ASSIGN(const Digest digest, Digest::parse(arguments[0]));
    if (!service_.may_fetch(volunteer, digest))
      return fail(ErrorCode::not_found, "checkpoint {} is not in work, or not for volunteer {}", digest.brief(),
                  volunteer.brief());
    CAIRN_ASSIGN(const Bytes bytes, folder_.blobs().get(digest, kMostCheckpointBytes));
    return bytes_response(request, bytes);
  }

  Result<Response> shard(const Request& request, const PathArguments& arguments) {
    CAIRN_ASSIGN(const VolunteerId volunteer, signer_of(run_, request));
    UnitId unit;
    CAIRN_ASSIGN(unit.round, number(arguments[0]));
    CAIRN_ASSIGN(unit.lane, number(arguments[1]));
    CAIRN_ASSIGN(const Bytes bytes, service_.shard_for(volunteer, unit));
    return bytes_response(request, bytes);
  }

  static Result<Response> answered(Result<std::optional<Answer>> answer) {
    if (!answer) return fail(std::move(answer).error());
    return http::json(200, to_json(**answer));
  }

  RunFolder& folder_;
  CoordinatorService& service_;
  const Clock& clock_;
  RunId run_;
  std::string public_;
};

}  // namespace

ShardProvider shards_from_folder(const std::filesystem::path& folder, const Plan& plan) {
  return [shards = Blobs(folder), &plan](const ShardRequest& request) {
    return shards.get(plan.shard(request.unit), kMostShardBytes);
  };
}

Result<HostSummary> host(HostOptions options) {
  Env& env = options.env;
  CAIRN_ASSIGN(RunFolder folder, RunFolder::open(options.run, options.plan, options.checkpoint, env));
  options.checkpoint.clear();
  CAIRN_ASSIGN(Workbench bench, Workbench::make(folder.plan(), options.compute));
  CAIRN_ASSIGN(Coordinator machine, folder.coordinator(env.clock.now()));
  CoordinatorService service(folder, std::move(machine), bench, options);
  Front front(folder, service, env.clock);
  http::ServerOptions http_options;
  http_options.address = options.address;
  http_options.port = options.port;
  http_options.workers = kWorkers;
  http_options.max_body_bytes = kMostMessageBytes + folder.plan().contribution_bytes();
  CAIRN_ASSIGN(http::Server server, http::Server::start(http_options, front.router()));
  service.start();
  if (options.on_listening) options.on_listening(server.url());
  service.emit({{"event", "listening"}, {"url", server.url()}, {"run", run_id(folder.plan()).hex()}});

  const auto stopped = [&] { return options.stop && options.stop(); };
  while (!service.wait(kPoll) && !stopped()) service.report_progress();
  const bool over = service.wait(Duration(0));
  if (over && !service.error()) {
    CAIRN_ASSIGN(const auto completed, folder.completed(std::nullopt));
    const auto until = completed.value_or(env.clock.now()) + kFarewell;
    while (!service.all_told() && env.clock.now() < until && !stopped()) service.linger(kPoll / 4);
  }
  service.stop();
  server.stop();
  if (auto error = service.error()) return fail(std::move(*error));
  if (!over)
    return fail_with_hint(ErrorCode::interrupted, "the run was stopped; all that was accepted is kept",
                          fmt::format("cairn host --run {} continues it", options.run.string()));
  service.report_progress();
  CAIRN_ASSIGN(HostSummary summary, summarise(folder, env.clock.now()));
  service.emit({{"event", "complete"}, {"model_digest", summary.model.hex()}});
  return summary;
}

}  // namespace cairn::swarm
