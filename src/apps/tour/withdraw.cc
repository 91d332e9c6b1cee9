#include "apps/tour/server.h"
#include "apps/tour/tour.h"
#include "work/commit.h"
#include "work/train.h"

namespace cairn::apps {

Status withdraw(Tour& tour) {
  CAIRN_ASSIGN(const guard::Withdrawal withdrawal,
               tour.guard.revoke(tour.mailbox->id, "its owner takes the mailbox back"));
  tour.say("The mailbox is revoked: epoch {}. It had reached:", withdrawal.revocation.epoch.value);
  Json reached = Json::array();
  for (const ledger::AssetSummary& asset : withdrawal.reached) {
    tour.say("  {} {}: {}", asset.kind, asset.id.brief(), asset.name);
    reached.push_back(asset.id.hex());
  }
  CAIRN_ASSIGN(const Json answer, tour.server->ask("base", draft_reply("use"), 200));
  CAIRN_ASSIGN(const Json refused, tour.server->ask("base+mailbox", draft_reply("use"), 403));
  tour.say("The next request to draft a reply, at the running server: the module is off. {}",
           refused["error"]["message"].get<std::string>());
  const bool untouched = answer["choices"] == tour.base_answer;
  CAIRN_ASSIGN(const work::LoadedModel base, work::load_model(tour.guard, work::own_use("evaluate"), *tour.model));
  if (!untouched || base.digest != tour.model_digest)
    return fail(ErrorCode::failed, "the base has changed with the withdrawal");
  tour.say("The base is untouched: its digest is still {}, its answers are the same to the bit.", base.digest.brief());
  CAIRN_ASSIGN(const ledger::VerifyReport verified, tour.guard.ledger().verify());
  tour.say("The log holds: {} entries, {} assets, {} checked anew; {}.", verified.entries, verified.assets,
           megabytes(verified.blob_bytes), verified.ok() ? "no byte was changed" : verified.faults.front().what);
  if (!verified.ok())
    return fail(ErrorCode::malformed, "the site does not verify: {}: {}", verified.faults.front().where,
                verified.faults.front().what);
  tour.figures["withdraw"] = {{"epoch", withdrawal.revocation.epoch.value},
                              {"reached", reached},
                              {"module_off_at_next_request", true},
                              {"base_untouched", untouched},
                              {"log_entries", verified.entries}};
  return {};
}

}  // namespace cairn::apps
