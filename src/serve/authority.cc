#include "serve/authority.h"

#include <algorithm>

#include "base/json.h"

namespace cairn::serve {
namespace {

constexpr std::size_t kMostDecisions = 512;

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::denied || error.code == ErrorCode::unknown;
}

// The verdict that a refusal carries.
Result<permit::Verdict> verdict_of(const Error& refusal) {
  CAIRN_ASSIGN(const Json json, parse_json(refusal.detail));
  return permit::verdict_from_json(json);
}

// A part's pass, or why it has none.
struct Asked {
  Standing standing;
  std::optional<guard::Pass> pass;
  Error refusal;
};

Result<Asked> ask(guard::Guard& guard, const permit::Use& use, std::string name, const AssetId& asset) {
  Asked asked{.standing = {.name = std::move(name), .asset = asset}};
  auto pass = guard.authorise(use, asset);
  if (pass) {
    asked.standing.on = true;
    asked.standing.verdict = {.answer = permit::Answer::allowed, .use = pass->use(), .duties = pass->duties()};
    asked.pass = std::move(*pass);
    return asked;
  }
  if (!is_refusal(pass.error())) return fail(std::move(pass).error());
  asked.refusal = std::move(pass).error();
  CAIRN_ASSIGN(asked.standing.verdict, verdict_of(asked.refusal));
  asked.standing.why_off = why_not(asked.standing.verdict);
  return asked;
}

}  // namespace

std::string why_not(const permit::Verdict& verdict) {
  std::string sentence = fmt::format("{}: {}", permit::to_text(verdict.use), permit::name_of(verdict.answer));
  if (verdict.reasons.empty()) return sentence;
  const permit::Reason& reason = verdict.reasons.front();
  sentence += fmt::format(", because {} says: {}", reason.declaration, reason.clause);
  if (!reason.path.empty()) sentence += fmt::format(" (by way of {})", fmt::join(reason.path, " <- "));
  return sentence;
}

Authority::Authority(guard::Guard& guard, DeploymentPlan plan, std::string place, const Env& env)
    : guard_(guard), plan_(std::move(plan)), place_(std::move(place)), env_(env) {}

Result<Authority::Decision> Authority::decide(const permit::Use& use, Epoch epoch) {
  const TimePoint now = env_.clock.now();
  Decision decision{.leave = {}, .refusal = {}, .epoch = epoch, .day = permit::day_of(now)};
  CAIRN_ASSIGN(Asked base, ask(guard_, use, "base", plan_.base));
  CAIRN_ASSIGN(Asked tokenizer, ask(guard_, use, "tokenizer", plan_.tokenizer));
  for (Asked* part : {&base, &tokenizer}) {
    if (part->pass) continue;
    decision.refusal = std::move(part->refusal);
    return decision;
  }
  auto leave = std::make_shared<Leave>();
  leave->standings = {.use = use, .epoch = epoch, .base = std::move(base.standing), .modules = {}};
  leave->deadline = std::min(base.pass->deadline(), tokenizer.pass->deadline());
  leave->base = std::move(base.pass);
  leave->tokenizer = std::move(tokenizer.pass);
  for (const PartRef& module : plan_.modules) {
    CAIRN_ASSIGN(Asked asked, ask(guard_, use, module.name, module.asset));
    if (asked.pass) leave->deadline = std::min(leave->deadline, asked.pass->deadline());
    leave->standings.modules.push_back(std::move(asked.standing));
    leave->modules.push_back(std::move(asked.pass));
  }
  decision.leave = std::move(leave);
  return decision;
}

Result<std::shared_ptr<const Leave>> Authority::leave(permit::Use use) {
  use.action = "use";
  use.place = place_;
  // Read before anything is decided: a change while deciding makes the decision old at once, never too new.
  CAIRN_ASSIGN(const Epoch epoch, guard_.epoch());
  const TimePoint now = env_.clock.now();
  const std::lock_guard lock(mutex_);
  auto it = decisions_.find(use);
  const auto holds = [&](const Decision& decision) {
    return decision.epoch == epoch && decision.day == permit::day_of(now) &&
           (!decision.leave || now < decision.leave->deadline);
  };
  if (it == decisions_.end() || !holds(it->second)) {
    CAIRN_ASSIGN(Decision decision, decide(use, epoch));
    if (decisions_.size() >= kMostDecisions) decisions_.clear();
    it = decisions_.insert_or_assign(use, std::move(decision)).first;
  }
  if (!it->second.leave) return fail(it->second.refusal);
  return it->second.leave;
}

}  // namespace cairn::serve
