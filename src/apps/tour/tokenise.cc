#include "apps/tour/tour.h"

namespace cairn::apps {

Status tokenise(Tour& tour) {
  CAIRN_ASSIGN(tour.tokens,
               work::tokenise(tour.guard, tour.corpus->id, {.vocabulary = 4096}, tour.options.seed, tour.shell.env));
  const work::Tokenised& t = *tour.tokens;
  tour.say("A byte-level BPE of {} tokens; {} training tokens of {:.2f} bytes, {} held out.", grouped(t.vocabulary),
           grouped(t.train_tokens), t.bytes_per_token, grouped(t.heldout_tokens));
  tour.figures["tokenise"] = {{"tokenizer", t.tokenizer.hex()},     {"shards", t.shards.hex()},
                              {"vocabulary", t.vocabulary},         {"train_tokens", t.train_tokens},
                              {"heldout_tokens", t.heldout_tokens}, {"bytes_per_token", t.bytes_per_token}};
  return {};
}

}  // namespace cairn::apps
