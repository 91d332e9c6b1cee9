#include "apps/asset_options.h"
#include "apps/commands.h"
#include "base/files.h"

namespace cairn::apps {
namespace {

// Does the present log extend the head that was kept in `file`? malformed: it does not, or the head is not this site's.
Status check_against(const ledger::Ledger& ledger, const std::string& file) {
  CAIRN_ASSIGN(const std::string text, read_text(file, 1 << 16));
  auto kept = ledger::TreeHead::from_json(text);
  if (!kept) return fail(std::move(kept).error().within(file));
  CAIRN_ASSIGN(const ledger::TreeHead head, ledger.head());
  if (kept->key != head.key || !ledger::verify_head(*kept))
    return fail(ErrorCode::malformed, "{}: not a head that this site has signed", file);
  if (kept->size > head.size)
    return fail(ErrorCode::malformed, "the log has {} entries, but had {} when {} was signed: entries were removed",
                head.size, kept->size, file);
  CAIRN_ASSIGN(const ledger::ConsistencyProof proof, ledger.prove_consistency(kept->size, head.size));
  if (!ledger::extends(head, *kept, proof))
    return fail(ErrorCode::malformed,
                "the log does not extend the head in {}: what it held in its first {} entries was changed", file,
                kept->size);
  return {};
}

Result<int> verify(const Shell& shell, const std::string& kept) {
  CAIRN_ASSIGN(const ledger::Ledger ledger, ledger::Ledger::open(shell.site, shell.env));
  CAIRN_ASSIGN(const ledger::VerifyReport report, ledger.verify());
  CAIRN_ASSIGN(Json json, parse_json(report.to_json()));
  std::string text = report.to_text();
  if (report.ok() && !kept.empty()) {
    CAIRN_TRY(check_against(ledger, kept));
    text += fmt::format("\nIt extends the head in {}.", kept);
    json["extends"] = kept;
  }
  print(shell, text, json);
  return report.ok() ? 0 : static_cast<int>(ErrorCode::malformed);
}

Result<int> show(const Shell& shell, std::uint64_t from, std::size_t count) {
  CAIRN_ASSIGN(const ledger::Ledger ledger, ledger::Ledger::open(shell.site, shell.env));
  CAIRN_ASSIGN(const std::vector<ledger::LogEntry> entries, ledger.entries(from, count));
  std::string text;
  Json json = Json::array();
  for (const ledger::LogEntry& entry : entries) {
    text += fmt::format("{}{:>6}  {}  epoch {}  {:<10} {}", text.empty() ? "" : "\n", entry.index, to_iso(entry.at),
                        entry.epoch.value, entry.event, entry.payload.empty() ? "(erased)" : entry.payload);
    const auto payload = parse_json(entry.payload);
    json.push_back({{"index", entry.index},
                    {"at", to_iso(entry.at)},
                    {"epoch", entry.epoch.value},
                    {"event", entry.event},
                    {"commitment", entry.commitment.hex()},
                    {"payload", payload ? *payload : Json()}});
  }
  print(shell, text, Json{{"entries", std::move(json)}});
  return 0;
}

Result<int> head(const Shell& shell) {
  CAIRN_ASSIGN(const ledger::Ledger ledger, ledger::Ledger::open(shell.site, shell.env));
  CAIRN_ASSIGN(const ledger::TreeHead head, ledger.head());
  CAIRN_ASSIGN(const Json json, parse_json(head.to_json()));
  print(shell, head.to_json(), json);
  return 0;
}

}  // namespace

void add_log(CLI::App& app, Shell& shell) {
  struct Options {
    std::string kept;
    std::uint64_t from = 0;
    std::size_t count = 100;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("log", "The site's append-only log: read it, check it, keep its head");
  command->require_subcommand(1);
  CLI::App* verify_command = command->add_subcommand(
      "verify", "Read everything again and name whatever is not as it was committed (exit code 6)");
  verify_command->footer("Example: cairn log head > head.json; ...; cairn log verify --head head.json");
  verify_command->add_option("--head", options->kept, "A head kept from earlier: the log must extend it");
  on_chosen(*verify_command, shell, [options, &shell] { return verify(shell, options->kept); });
  CLI::App* show_command = command->add_subcommand("show", "Print entries");
  show_command->footer("Example: cairn log show --from 20 --count 5");
  show_command->add_option("--from", options->from, "The first entry")->capture_default_str();
  show_command->add_option("--count", options->count, "How many at most")->capture_default_str();
  on_chosen(*show_command, shell, [options, &shell] { return show(shell, options->from, options->count); });
  CLI::App* head_command = command->add_subcommand("head", "Print the signed head of the log, to keep or to compare");
  head_command->footer("Example: cairn log head > head.json");
  on_chosen(*head_command, shell, [&shell] { return head(shell); });
}

}  // namespace cairn::apps
