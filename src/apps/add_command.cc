// cairn add: data from outside becomes record sets with a permit and the place where it was declared.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/declared_options.h"
#include "apps/step_text.h"
#include "apps/words.h"
#include "base/files.h"
#include "work/ingest.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMostMailboxBytes = std::size_t{4} << 30;

Result<guard::Guard> open_site(const Shell& shell) {
  return guard::Guard::open(shell.site, {"cairn add"}, shell.env);
}

// "mail/2026.mbox" to "2026"; "notes/" to "notes".
std::string name_from(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).stem().string();
}

void print_set(const Shell& shell, const work::RecordSet& set, const char* records,
               const std::map<std::string, std::uint64_t>& skipped) {
  std::string text = fmt::format("{}: {} {}, {}, under a permit that says:", set.name, grouped(set.records), records,
                                 megabytes(set.bytes));
  for (const std::string& line : lines_of(permit::to_text(set.permit))) text += "\n  " + line;
  Json left_out = Json::object();
  for (const auto& [reason, files] : skipped) {
    text += fmt::format("\nLeft out: {} ({})", counted(files, "file"), reason);
    left_out[reason] = files;
  }
  text += fmt::format("\nThe record set: {}", set.id.brief());
  Json json = work::to_json(set);
  json["skipped"] = std::move(left_out);
  print(shell, text, json);
}

void add_debian(CLI::App& add, Shell& shell) {
  struct Options {
    std::vector<std::string> packages;
    bool all = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add.add_subcommand("debian", "The documentation that Debian has installed, a record set for each permit class");
  command->add_option("--package", options->packages, "Only this package (may be repeated)");
  command->add_flag("--all-packages", options->all, "All that is installed, not only the project's list");
  command->footer(
      "Permits come from the packages' machine-readable copyright files; what does not say stays unknown.\n"
      "Example: cairn add debian --package bash --package tar");
  on_chosen(*command, shell, [options, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, open_site(shell));
    data::DebianDocsSettings settings;
    settings.packages.insert(options->packages.begin(), options->packages.end());
    if (settings.packages.empty() && !options->all) settings.packages = work::documentation_packages();
    CAIRN_ASSIGN(const work::IngestedDocs docs, work::ingest_debian_docs(guard, settings, shell.env));
    std::string text = text_of(docs);
    for (const work::RecordSet& set : docs.sets)
      text += fmt::format("\n  {}  {:>9}  {}", set.id.brief(), megabytes(set.bytes), set.name);
    print(shell, text, json_of(docs));
    return 0;
  });
}

void add_mailbox(CLI::App& add, Shell& shell) {
  struct Options {
    std::filesystem::path file;
    std::string name;
  };
  const auto options = std::make_shared<Options>();
  const auto declared = std::make_shared<DeclaredOptions>();
  CLI::App* command = add.add_subcommand("mbox", "A mailbox, under its owner's permit");
  command->add_option("FILE", options->file, "The mailbox, as RFC 4155 describes it")->required();
  command->add_option("--name", options->name, "To call it by; without it, the file's name");
  add_declared_options(*command, declared);
  command->footer("Example: cairn add mbox mail.mbox --permit mail.permit.toml");
  on_chosen(*command, shell, [options, declared, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, open_site(shell));
    CAIRN_ASSIGN(const guard::Declared permit, declared->read(guard.ledger().site().name));
    CAIRN_ASSIGN(const std::string mbox, read_text(options->file, kMostMailboxBytes));
    const std::string name = options->name.empty() ? name_from(options->file) : options->name;
    auto set = work::ingest_mailbox(guard, mbox, name, permit.permit, permit.where, permit.by);
    if (!set && set.error().code == ErrorCode::malformed)
      return fail(std::move(set).error().within(options->file.string()));
    if (!set) return fail(std::move(set).error());
    print_set(shell, *set, "messages", {});
    return 0;
  });
}

void add_folder(CLI::App& add, Shell& shell) {
  struct Options {
    std::filesystem::path folder;
    std::string name;
  };
  const auto options = std::make_shared<Options>();
  const auto declared = std::make_shared<DeclaredOptions>();
  CLI::App* command = add.add_subcommand("folder", "A folder of plain text and Markdown, all of it under one permit");
  command->add_option("DIR", options->folder, "The folder; .txt, .text, .md, .markdown and .rst in it are read")
      ->required();
  command->add_option("--name", options->name, "To call it by; without it, the folder's name");
  add_declared_options(*command, declared);
  command->footer("Example: cairn add folder notes --licence CC0-1.0 --declared-in notes/LICENSE");
  on_chosen(*command, shell, [options, declared, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, open_site(shell));
    CAIRN_ASSIGN(const guard::Declared permit, declared->read(guard.ledger().site().name));
    const std::string name = options->name.empty() ? name_from(options->folder) : options->name;
    CAIRN_ASSIGN(const work::IngestedFolder added,
                 work::ingest_folder(guard, options->folder, name, permit.permit, permit.where, permit.by));
    print_set(shell, added.set, "documents", added.skipped);
    return 0;
  });
}

}  // namespace

void add_add(CLI::App& app, Shell& shell) {
  CLI::App* add = app.add_subcommand("add", "Take data in, with the permit that was declared for it");
  add->require_subcommand(1);
  add->footer(
      "Nothing is added without a permit, and none is guessed. The same data added again is the same asset.\n"
      "Example: cairn add folder notes --licence CC0-1.0 --declared-in notes/LICENSE");
  add_debian(*add, shell);
  add_mailbox(*add, shell);
  add_folder(*add, shell);
}

}  // namespace cairn::apps
