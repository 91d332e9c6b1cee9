#include "apps/tour/tour.h"

namespace cairn::apps {

permit::Use draft_reply(std::string action) {
  permit::Use use;
  use.action = std::move(action);
  use.task = "text.draft-reply";
  use.purpose = "non-commercial.personal";
  use.audience = "owner";
  use.place = "own-machine";
  return use;
}

permit::Use translate(std::string action) {
  permit::Use use = draft_reply(std::move(action));
  use.task = "text.translation.machine";
  return use;
}

}  // namespace cairn::apps
