#include "work/adapt.h"

#include "apps/step_text.h"
#include "apps/tour/tour.h"
#include "tensor/context.h"

namespace cairn::apps {

Status adapt(Tour& tour) {
  CAIRN_ASSIGN(tensor::Context context, tensor::Context::make());
  const work::AdaptInputs inputs{
      .base = *tour.model, .tokenizer = tour.tokens->tokenizer, .data = tour.mailbox->id, .use = draft_reply("adapt")};
  CAIRN_ASSIGN(const work::Adapted adapted,
               work::adapt_to_records(tour.guard, context, inputs, {}, tour.options.seed,
                                      {.progress = {}, .cancelled = [] { return interrupted(); }}));
  tour.module = adapted.module;
  tour.module_digest = adapted.digest;
  tour.say_lines(text_of(adapted));

  // The mailbox never becomes a unit: asking for it as a volunteer would is refused, with the reason.
  permit::Use share;
  share.action = "share";
  share.audience = "volunteers";
  const auto refused = tour.guard.authorise(share, tour.mailbox->id);
  if (refused) return fail(ErrorCode::failed, "the site would hand out the mailbox: its permit does not do its work");
  tour.say("Handing the mailbox's bytes to a volunteer: {}", refused.error().message);
  tour.figures["module"] = adapted.module.hex();
  tour.figures["module_digest"] = adapted.digest.hex();
  tour.figures["adapt"] = json_of(adapted);
  tour.figures["adapt"]["sharing_refused"] = refused.error().message;
  return {};
}

}  // namespace cairn::apps
