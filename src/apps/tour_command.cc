#include "apps/command.h"
#include "apps/commands.h"
#include "apps/tour/tour.h"
#include "base/files.h"
#include "ledger/site.h"

namespace cairn::apps {
namespace {

struct Stage {
  const char* name;
  const char* title;
  const char* about;
  Status (*run)(Tour&);
};

constexpr Stage kStages[] = {
    {"create", "Create", "Real documents come in, each with the permit that was declared for it, and where.", create},
    {"curate", "Plan and curate", "A base is planned from the permit it is to have.", plan_and_curate},
    {"tokenise", "Tokenise", "A tokenizer is learnt from the corpus, and the corpus becomes tokens.", tokenise},
    {"train", "Train, by volunteers", "Nobody needs to be trusted: every contribution is replayed.",
     train_by_volunteers},
    {"adapt", "Adapt", "A module on the mailbox, on its owner's machine alone.", adapt},
    {"evaluate", "Evaluate", "What the model can do, and how it is biased, with intervals.", evaluate},
    {"specify", "Specify", "The model's properties, as measured, and its permitted uses; signed.", specify},
    {"deploy", "Deploy", "Every request names its purpose; exactly the permitted modules answer.", deploy},
    {"withdraw", "Withdraw", "The mailbox's owner takes it back.", withdraw},
    {"audit", "Audit", "Anyone can check the training, on another kind of processor.", audit},
};

Result<Json> run_stages(Tour& tour) {
  Json seconds = Json::object();
  int number = 0;
  for (const Stage& stage : kStages) {
    if (interrupted()) return fail(ErrorCode::interrupted, "the tour was interrupted before \"{}\"", stage.title);
    fmt::print(tour.shell.json ? stderr : stdout, "\n{}. {}. {}\n", ++number, stage.title, stage.about);
    std::fflush(tour.shell.json ? stderr : stdout);
    const auto start = std::chrono::steady_clock::now();
    if (auto status = stage.run(tour); !status) return fail(std::move(status.error()).within(stage.title));
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    seconds[stage.name] = took;
    tour.say("({:.1f} s)", took);
  }
  return seconds;
}

Result<int> run_tour(Shell& shell, TourOptions options) {
  std::optional<TemporaryFolder> temporary;
  if (options.site.empty()) {
    CAIRN_ASSIGN(TemporaryFolder made, TemporaryFolder::make("cairn-tour"));
    temporary.emplace(std::move(made));
    options.site = temporary->path() / "site";
  }
  CAIRN_TRY(ledger::make_site(options.site, "tour", shell.env));
  CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(options.site, {"cairn tour"}, shell.env));
  Tour tour{.shell = shell, .options = std::move(options), .guard = std::move(guard), .energy = work::EnergyMeter()};
  fmt::print(shell.json ? stderr : stdout, "Cairn: the life of a foundation model, in ten stages. Site: {}\n",
             tour.options.site.string());

  const auto start = std::chrono::steady_clock::now();
  CAIRN_ASSIGN(tour.figures["stages"], run_stages(tour));
  tour.figures["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  tour.figures["seed"] = tour.options.seed;
  tour.figures["site"] = tour.options.site.string();
  tour.figures["energy"] = work::to_json(tour.energy.read());
  if (shell.json) {
    print(shell, {}, tour.figures);
    return 0;
  }
  fmt::print("\nThe tour took {:.0f} s. Model {}, held-out {:.3f} bits per byte.\n",
             tour.figures["seconds"].get<double>(), tour.model_digest.hex(),
             tour.figures["heldout_bits_per_byte"].get<double>());
  CAIRN_TRY(serve_after(tour));
  return 0;
}

}  // namespace

void add_tour(CLI::App& app, Shell& shell) {
  CLI::App* tour = app.add_subcommand("tour", "The whole life of a model, on this machine, in about four minutes");
  auto options = std::make_shared<TourOptions>();
  tour->add_option("--seed", options->seed, "Decides the model, together with the documents")->capture_default_str();
  tour->add_option("--licence", options->licence, "The licence the base is planned to have")->capture_default_str();
  tour->add_option("--port", options->port, "Of the page served at the end; 0: any free one")->capture_default_str();
  tour->add_option("--package", options->packages, "Only this Debian package's documentation (may be repeated)");
  tour->add_flag("--all-packages", options->all_packages, "All installed documentation, not only the project's list");
  tour->footer(
      "Without --site the tour uses a temporary site and removes it at the end.\n"
      "With --json it serves nothing after, and ends with one line of JSON.\n\n"
      "Example:\n  cairn tour --json --seed 7 --site /tmp/my-site");
  on_chosen(*tour, shell, [&app, &shell, options]() -> Result<int> {
    if (app.get_option("--site")->count() > 0 || std::getenv("CAIRN_SITE") != nullptr) options->site = shell.site;
    return run_tour(shell, *options);
  });
}

}  // namespace cairn::apps
