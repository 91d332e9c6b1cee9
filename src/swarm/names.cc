// The words for phases and standings, as they stand in events, rows and messages.
#include "swarm/coordinator.h"
#include "swarm/volunteer.h"

namespace cairn::swarm {

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::received:
      return "received";
    case Standing::accepted:
      return "accepted";
    case Standing::not_needed:
      return "not-needed";
  }
  return "";
}

std::string_view name_of(RunPhase phase) {
  switch (phase) {
    case RunPhase::computing:
      return "computing";
    case RunPhase::merging:
      return "merging";
    case RunPhase::complete:
      return "complete";
    case RunPhase::halted:
      return "halted";
  }
  return "";
}

std::string_view name_of(UnitPhase phase) {
  switch (phase) {
    case UnitPhase::open:
      return "open";
    case UnitPhase::leased:
      return "leased";
    case UnitPhase::auditing:
      return "auditing";
    case UnitPhase::accepted:
      return "accepted";
  }
  return "";
}

std::string_view name_of(VolunteerPhase phase) {
  switch (phase) {
    case VolunteerPhase::active:
      return "active";
    case VolunteerPhase::put_out:
      return "put-out";
  }
  return "";
}

std::string_view name_of(VolunteerState state) {
  switch (state) {
    case VolunteerState::idle:
      return "idle";
    case VolunteerState::greeting:
      return "greeting";
    case VolunteerState::asking:
      return "asking";
    case VolunteerState::fetching:
      return "fetching";
    case VolunteerState::computing:
      return "computing";
    case VolunteerState::reporting:
      return "reporting";
    case VolunteerState::backoff:
      return "backoff";
    case VolunteerState::put_out:
      return "put-out";
    case VolunteerState::done:
      return "done";
  }
  return "";
}

}  // namespace cairn::swarm
