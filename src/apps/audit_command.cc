// cairn audit: check a run from its published record, or a piece of evidence against a volunteer, by computing again.
#include <fmt/format.h>

#include <charconv>

#include "apps/command.h"
#include "apps/commands.h"
#include "swarm/audit.h"

namespace cairn::apps {
namespace {

constexpr int kNotAsPublished = static_cast<int>(ErrorCode::malformed);

struct AuditArguments {
  std::filesystem::path what, run;
  std::vector<std::string> units;
  std::uint32_t drawn = 1;
  std::uint64_t seed = 0;
  int threads = 0;
};

// "r3.l1"
Result<swarm::UnitId> unit_from(const std::string& text) {
  swarm::UnitId unit;
  const char* end = text.data() + text.size();
  if (text.starts_with('r')) {
    const auto round = std::from_chars(text.data() + 1, end, unit.round);
    if (round.ec == std::errc() && end - round.ptr > 2 && round.ptr[0] == '.' && round.ptr[1] == 'l') {
      const auto lane = std::from_chars(round.ptr + 2, end, unit.lane);
      if (lane.ec == std::errc() && lane.ptr == end) return unit;
    }
  }
  return fail_with_hint(ErrorCode::invalid, fmt::format("\"{}\" is no unit", text), "write round and lane as in r3.l1");
}

Result<int> audit_evidence(const Shell& shell, const AuditArguments& arguments, const swarm::AuditOptions& options) {
  CAIRN_ASSIGN(const swarm::EvidenceReport report, swarm::audit_evidence(arguments.what, options));
  CAIRN_ASSIGN(const Json json, parse_json(swarm::to_json(report)));
  print(shell, (report.proven ? "Proven: " : "Not proven: ") + report.explanation, json);
  return report.proven ? 0 : kNotAsPublished;
}

std::string text_of(const swarm::AuditReport& report) {
  std::string out = fmt::format(
      "Run {}: {} round records, {} contributions, {} units replayed ({} states), {} merges, "
      "with {} on {} threads.\n",
      report.run.brief(), report.records, report.contributions, report.replayed.size(), report.states, report.merges,
      report.isa, report.threads);
  for (const swarm::AuditFinding& finding : report.findings)
    out += fmt::format("  {}: {}\n", finding.place, finding.message);
  return out + (report.sound() ? "All is as published." : fmt::format("{} findings.", report.findings.size()));
}

Result<int> audit(const Shell& shell, const AuditArguments& arguments) {
  swarm::AuditOptions options{.run = arguments.what, .env = shell.env};
  options.drawn = arguments.drawn;
  options.seed = arguments.seed;
  options.compute.threads = arguments.threads;
  for (const std::string& text : arguments.units) {
    CAIRN_ASSIGN(const swarm::UnitId unit, unit_from(text));
    options.units.push_back(unit);
  }
  if (!std::filesystem::is_directory(arguments.what)) {
    options.run = arguments.run.empty() ? arguments.what.parent_path().parent_path() : arguments.run;
    return audit_evidence(shell, arguments, options);
  }
  CAIRN_ASSIGN(const swarm::AuditReport report, swarm::audit_run(options));
  CAIRN_ASSIGN(const Json json, parse_json(swarm::to_json(report)));
  print(shell, text_of(report), json);
  return report.sound() ? 0 : kNotAsPublished;
}

}  // namespace

void add_audit(CLI::App& app, Shell& shell) {
  CLI::App* command = app.add_subcommand("audit", "Check a run, or evidence, by computing again");
  const auto arguments = std::make_shared<AuditArguments>();
  command->add_option("what", arguments->what, "A run's folder, or a file of evidence")->required();
  command->add_option("--run", arguments->run, "For evidence: the run's folder (default: the one that it lies in)");
  command->add_option("--unit", arguments->units, "Replay this unit (r3.l1); may be given again");
  command->add_option("--units", arguments->drawn, "Replay so many units, drawn by the seed; 0: none")
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Draws the units")->capture_default_str();
  command->add_option("--threads", arguments->threads, "0: one per processor")->capture_default_str();
  command->footer(
      "Exit code 0: all is as published (or the evidence is proven), 6: it is not.\n"
      "CAIRN_ISA chooses the instruction set; the result does not depend on it.\n"
      "Example: CAIRN_ISA=avx2 cairn audit run --units 2 --seed 7");
  on_chosen(*command, shell, [&shell, arguments] { return audit(shell, *arguments); });
}

}  // namespace cairn::apps
