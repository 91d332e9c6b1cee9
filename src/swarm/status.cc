#include "swarm/status.h"

#include <fmt/format.h>

#include "base/json.h"
#include "http/client.h"
#include "swarm/wire.h"

namespace cairn::swarm {
namespace {

Result<std::string> text_of(const Json& json) {
  CAIRN_ASSIGN(const std::string name, get_string(json, "name"));
  CAIRN_ASSIGN(const std::string phase, get_string(json, "phase"));
  CAIRN_ASSIGN(const std::int64_t round, get_int(json, "round"));
  CAIRN_ASSIGN(const std::int64_t rounds, get_int(json, "rounds"));
  CAIRN_ASSIGN(const double loss, get_number(json, "loss"));
  CAIRN_ASSIGN(const std::int64_t contributions, get_int(json, "contributions"));
  CAIRN_ASSIGN(const std::int64_t audits, get_int(json, "audits"));
  CAIRN_ASSIGN(const std::int64_t cheats, get_int(json, "cheats"));
  CAIRN_ASSIGN(const std::string checkpoint, get_string(json, "checkpoint"));
  std::string out = fmt::format(
      "{}: {}, {} of {} rounds merged, loss {:.3f}\n{} contributions, {} replayed, {} put out\n"
      "checkpoint {}\n",
      name, phase, round, rounds, loss, contributions, audits, cheats, checkpoint);
  CAIRN_ASSIGN(const Json* units, get_array(json, "units"));
  for (const Json& unit : *units) {
    CAIRN_ASSIGN(const std::string id, get_string(unit, "unit"));
    CAIRN_ASSIGN(const std::string unit_phase, get_string(unit, "phase"));
    CAIRN_ASSIGN(const Json* leases, get_array(unit, "leases"));
    out += fmt::format("  {:<10} {}", id, unit_phase);
    for (const Json& lease : *leases) {
      CAIRN_ASSIGN(const std::string holder, get_string(lease, "name"));
      CAIRN_ASSIGN(const double done, get_number(lease, "done"));
      out += fmt::format(", {} {:.0f} %", holder, 100 * done);
    }
    out += '\n';
  }
  CAIRN_ASSIGN(const Json* volunteers, get_array(json, "volunteers"));
  for (const Json& volunteer : *volunteers) {
    CAIRN_ASSIGN(const std::string who, get_string(volunteer, "name"));
    CAIRN_ASSIGN(const std::string standing, get_string(volunteer, "phase"));
    CAIRN_ASSIGN(const std::int64_t merged, get_int(volunteer, "units"));
    out += fmt::format("  {:<20} {}, {} units merged\n", who, standing, merged);
  }
  out.pop_back();
  return out;
}

}  // namespace

Result<RunStatus> ask_status(const std::string& url) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  http::ClientOptions options;
  options.connect_timeout = options.stall_timeout = std::chrono::milliseconds(5'000);
  options.max_body_bytes = kMostMessageBytes;
  CAIRN_ASSIGN(http::Client client, http::Client::to(base, options));
  CAIRN_ASSIGN(http::Reply reply, client.get("/v1/status"));
  if (!reply.ok()) return fail(error_from(reply.status, reply.body));
  CAIRN_ASSIGN(const Json json, parse_json(reply.body));
  auto text = text_of(json);
  if (!text) return fail(std::move(text).error().within("the coordinator's status"));
  return RunStatus{canonical(json), std::move(*text)};
}

}  // namespace cairn::swarm
