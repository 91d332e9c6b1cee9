#include "apps/process.h"
#include "apps/tour/event_file.h"
#include "apps/tour/tour.h"
#include "base/files.h"
#include "tensor/isa.h"

namespace cairn::apps {
namespace {

struct AuditRun {
  int code = 0;
  Json result;
};

// `cairn audit` in a process of its own, under another instruction set and number of threads.
Result<AuditRun> run_audit(Tour& tour, const std::filesystem::path& run, const std::string& isa, const char* threads,
                           const char* log, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"--json", "audit", run.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto output = tour.options.site / log;
  CAIRN_ASSIGN(Process process, Process::start({.arguments = arguments,
                                                .environment = {{"CAIRN_ISA", isa}, {"CAIRN_THREADS", threads}},
                                                .output = output}));
  AuditRun out;
  out.code = process.wait();
  for (const Json& line : EventFile(output).fresh()) out.result = line;
  return out;
}

// The stored contribution of the first unit, in a copy of the run.
Result<std::filesystem::path> first_contribution(const std::filesystem::path& run) {
  CAIRN_ASSIGN(const std::string text, read_text(run / "rounds" / "000000.json"));
  CAIRN_ASSIGN(const Json record, parse_json(text));
  CAIRN_ASSIGN(const Json* claims, get_array(record, "claims"));
  CAIRN_ASSIGN(const std::string digest, get_string(claims->at(0), "contribution"));
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run / "blobs", error))
    if (entry.path().filename() == digest) return entry.path();
  return fail(ErrorCode::not_found, "contribution {} is not among the run's blobs", digest);
}

Result<std::string> find_flipped_bit(Tour& tour, const std::string& isa) {
  const auto copy = tour.options.site / "tampered";
  std::error_code error;
  // Links: only the file that is changed takes room, and it is written anew, not through its link.
  using std::filesystem::copy_options;
  std::filesystem::copy(tour.run_folder, copy, copy_options::recursive | copy_options::create_hard_links, error);
  if (error) return fail(ErrorCode::failed, "copying the run: {}", error.message());
  CAIRN_ASSIGN(const auto path, first_contribution(copy));
  CAIRN_ASSIGN(Bytes bytes, read_file(path));
  bytes[bytes.size() / 2] ^= 4;
  std::filesystem::remove(path, error);
  CAIRN_TRY(write_file(path, bytes));
  CAIRN_ASSIGN(const AuditRun found, run_audit(tour, copy, isa, "2", "audit-tampered.log", {"--units", "0"}));
  std::filesystem::remove_all(copy, error);
  const Json findings = found.result.value("findings", Json::array());
  if (found.code == 0 || findings.empty())
    return fail(ErrorCode::failed, "a flipped bit in a contribution was not found");
  return fmt::format("{}: {}", findings[0].value("place", ""), findings[0].value("message", ""));
}

}  // namespace

Status audit(Tour& tour) {
  // Another instruction set than the volunteers used, where the processor has another fast one.
  const std::string isa(
      tensor::name_of(tensor::available(tensor::Isa::avx2) ? tensor::Isa::avx2 : tensor::available_isas().back()));
  const std::string seed = std::to_string(tour.options.seed);
  CAIRN_ASSIGN(const AuditRun honest, run_audit(tour, tour.run_folder, isa, "2", "audit.log", {"--seed", seed}));
  if (honest.code != 0)
    return fail(ErrorCode::failed, "the replay of an honest run did not agree (code {}): {}", honest.code,
                honest.result.dump());
  tour.say(
      "A stretch of the training, drawn at random, replayed from the published record under CAIRN_ISA={} with 2 "
      "threads:",
      isa);
  std::string units;
  for (const Json& unit : honest.result.value("replayed", Json::array()))
    units += (units.empty() ? "" : ", ") + unit.get<std::string>();
  tour.say("  unit {} and {} merge computed again, {} rounds and {} contributions read: bit for bit as published.",
           units, honest.result.value("merges", 0), honest.result.value("records", 0),
           honest.result.value("contributions", 0));
  CAIRN_ASSIGN(const std::string found, find_flipped_bit(tour, isa));
  tour.say("One bit flipped in a copy of the record is found: {}", found);
  tour.figures["audit"] = {{"isa", isa}, {"replay", honest.result}, {"flipped_bit", found}};
  return {};
}

}  // namespace cairn::apps
