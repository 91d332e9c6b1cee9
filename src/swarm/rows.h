// The coordinator's rows as JSON: their form in the run's database (docs/formats/swarm-protocol.md).
// Pure. The readers take hostile text: malformed where it is not such a row.
#pragma once

#include <string>
#include <string_view>

#include "swarm/coordinator.h"

namespace cairn::swarm {

std::string to_json(const RunRow& row);
std::string to_json(const VolunteerRow& row);
std::string to_json(const UnitRow& row);
Result<RunRow> run_row_from_json(std::string_view text);
Result<VolunteerRow> volunteer_row_from_json(std::string_view text);
Result<UnitRow> unit_row_from_json(std::string_view text, std::size_t most_states);

}  // namespace cairn::swarm
