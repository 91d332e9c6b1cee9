// cairn tokenizer: a tokenizer learnt from a corpus, and the corpus as shards of tokens.
#include "apps/asset_options.h"
#include "apps/commands.h"
#include "apps/step_text.h"
#include "work/lineage.h"

namespace cairn::apps {

void add_tokenizer(CLI::App& app, Shell& shell) {
  struct Options {
    std::string corpus;
    text::TokenizerSettings settings;
    std::uint64_t seed = 7;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("tokenizer", "Learn a tokenizer from a corpus, and cut the corpus into tokens");
  command->add_option("CORPUS", options->corpus, "Its name, or the beginning of its id; without it, the newest");
  command
      ->add_option("--vocabulary", options->settings.vocabulary, "Tokens at most, with the 256 bytes and the specials")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the order of the documents")->capture_default_str();
  command->footer("Example: cairn tokenizer --vocabulary 4096");
  on_chosen(*command, shell, [options, &shell]() -> Result<int> {
    CAIRN_ASSIGN(guard::Guard guard, guard::Guard::open(shell.site, {"cairn tokenizer"}, shell.env));
    CAIRN_ASSIGN(const AssetId corpus, work::find_of_kind(guard.ledger(), options->corpus, "corpus"));
    CAIRN_ASSIGN(const work::Tokenised made,
                 work::tokenise(guard, corpus, options->settings, options->seed, shell.env));
    CAIRN_ASSIGN(const ledger::AssetSummary from, guard.ledger().summary(corpus));
    print(shell,
          fmt::format("From {}\n{}\nThe tokenizer: {}\nThe shards:    {}", line_of(from), text_of(made),
                      made.tokenizer.brief(), made.shards.brief()),
          json_of(made));
    return 0;
  });
}

}  // namespace cairn::apps
