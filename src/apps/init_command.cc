#include "apps/asset_options.h"
#include "apps/commands.h"
#include "ledger/site.h"

namespace cairn::apps {

void add_init(CLI::App& app, Shell& shell) {
  struct Options {
    std::string folder, name;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("init", "Make a site: a folder for assets, ledger and keys");
  command->footer("Example: cairn init ~/lab --name \"Our language lab\"");
  command->add_option("DIR", options->folder, "Where; without it, the folder that --site names");
  command->add_option("--name", options->name, "What people call it; without it, the folder's name");
  on_chosen(*command, shell, [options, &shell]() -> Result<int> {
    const std::filesystem::path root =
        std::filesystem::absolute(options->folder.empty() ? shell.site : std::filesystem::path(options->folder))
            .lexically_normal();
    const auto leaf = root.has_filename() ? root.filename() : root.parent_path().filename();
    CAIRN_ASSIGN(const ledger::Site site,
                 ledger::make_site(root, options->name.empty() ? leaf.string() : options->name, shell.env));
    print(shell,
          fmt::format("Made the site \"{}\" in {}.\nIts keys are in {}: keep a copy, nobody else has them.", site.name,
                      site.root.string(), (site.root / "keys").string()),
          Json{{"site", site.root.string()}, {"name", site.name}, {"key", site.key.hex()}});
    return 0;
  });
}

}  // namespace cairn::apps
