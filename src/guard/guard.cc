#include "guard/guard.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "guard/explain.h"
#include "guard/state.h"
#include "ledger/codec.h"

namespace cairn::guard {
namespace {

constexpr std::array kLedgerEvents = {"site", "asset", "revocation", "verdict"};

// Sealed unless everyone may use it, for everything, everywhere, without end or condition.
bool is_public(const permit::Permit& permit) {
  return permit::decide(permit, permit::Use{.action = "use"}).allowed();
}

ledger::Ledger::NewPermit interned(const permit::Permit& permit) {
  const std::string text = canonical(permit::to_json(permit));
  return {{sha256(text)}, text};
}

Result<std::string> canonical_object(const char* field, const std::string& text) {
  auto json = parse_json(text);
  if (!json) return fail(ErrorCode::invalid, "{}: {}", field, json.error().message);
  if (!json->is_object())
    return fail(ErrorCode::invalid, "{}: expected a JSON object, got {}", field, json->type_name());
  return canonical(*json);
}

TimePoint start_of(permit::Day day) {
  return std::chrono::time_point_cast<Duration>(std::chrono::sys_time<std::chrono::hours>(day));
}

std::string audit_payload(const AssetId& asset, const permit::Verdict& verdict, std::string_view act,
                          std::string_view actor) {
  Json reasons = Json::array();
  for (const permit::Reason& reason : verdict.reasons)
    reasons.push_back({{"declaration", reason.declaration},
                       {"clause", reason.clause},
                       {"ground", reason.ground},
                       {"path", reason.path}});
  return canonical(Json{{"act", act},
                        {"asset", asset.hex()},
                        {"actor", actor},
                        {"use", permit::to_json(verdict.use)},
                        {"answer", permit::name_of(verdict.answer)},
                        {"reasons", std::move(reasons)}});
}

}  // namespace

Guard::Guard(std::unique_ptr<GuardState> state) : state_(std::move(state)) {}
Guard::Guard(Guard&&) noexcept = default;
Guard& Guard::operator=(Guard&&) noexcept = default;
Guard::~Guard() = default;

Result<Guard> Guard::open(const std::filesystem::path& site, Actor actor, const Env& env, GuardOptions options) {
  if (actor.name.empty() || !ledger::is_plain_text(actor.name, 64))
    return fail(ErrorCode::invalid, "actor: expected 1 to 64 bytes of UTF-8 without control characters");
  CAIRN_ASSIGN(ledger::Ledger ledger, ledger::Ledger::open(site, env));
  ledger::BlobStore blobs(ledger::DoorKey(), site, env);
  return Guard(std::unique_ptr<GuardState>(
      new GuardState{std::move(ledger), std::move(blobs), std::move(actor), &env, options}));
}

const ledger::Ledger& Guard::ledger() const {
  return state_->ledger;
}

Result<Epoch> Guard::epoch() const {
  return state_->ledger.epoch();
}

Result<permit::Permit> Guard::permit_of(const AssetId& asset) const {
  CAIRN_ASSIGN(const ledger::Asset found, state_->ledger.asset(asset));
  return state_->permit(found.manifest.permit);
}

Result<permit::Verdict> Guard::decide_and_log(permit::Use use, const AssetId& asset, std::string_view act) {
  CAIRN_ASSIGN(permit::Verdict verdict, explain(*state_, std::move(use), asset));
  CAIRN_TRY(
      state_->ledger.append(ledger::DoorKey(), "verdict", audit_payload(asset, verdict, act, state_->actor.name)));
  return verdict;
}

Result<permit::Verdict> Guard::judge(const permit::Use& use, const AssetId& asset) {
  permit::Use asked = use;
  if (!asked.when) asked.when = permit::day_of(state_->env->clock.now());
  return decide_and_log(std::move(asked), asset, "ask");
}

Result<Pass> Guard::authorise(const permit::Use& use, const AssetId& asset) {
  permit::Use asked = use;
  const TimePoint now = state_->env->clock.now();
  asked.when = permit::day_of(now);
  // The epoch is read before the decision: a revocation in between makes the pass stale, never wrong.
  CAIRN_ASSIGN(const Epoch epoch, state_->ledger.epoch());
  CAIRN_ASSIGN(const permit::Verdict verdict, decide_and_log(asked, asset, "pass"));
  if (!verdict.allowed()) {
    CAIRN_ASSIGN(const ledger::AssetSummary summary, state_->ledger.summary(asset));
    Error error = permit::refusal(verdict);
    return fail(std::move(error).within(describe(summary)));
  }
  Pass pass;
  pass.asset_ = asset;
  pass.use_ = asked;
  pass.epoch_ = epoch;
  pass.deadline_ = now + state_->options.pass_lifetime;
  if (verdict.until) pass.deadline_ = std::min(pass.deadline_, start_of(*verdict.until + std::chrono::days(1)));
  pass.duties_ = verdict.duties;
  pass.site_ = state_->ledger.site().key;
  return pass;
}

Status Guard::check(const Pass& pass) const {
  if (pass.site_ != state_->ledger.site().key)
    return fail(ErrorCode::invalid, "the pass for {} is another site's", pass.asset_.brief());
  CAIRN_ASSIGN(const Epoch epoch, state_->ledger.epoch());
  if (epoch != pass.epoch_)
    return fail_with_hint(ErrorCode::stale,
                          fmt::format("the pass for {} is from epoch {}, permits have changed since: epoch {}",
                                      pass.asset_.brief(), pass.epoch_.value, epoch.value),
                          "authorise again");
  if (state_->env->clock.now() >= pass.deadline_)
    return fail_with_hint(ErrorCode::stale,
                          fmt::format("the pass for {} held until {}", pass.asset_.brief(), to_iso(pass.deadline_)),
                          "authorise again");
  return {};
}

Result<Reader> Guard::open(const Pass& pass, const AssetId& asset, std::string_view role) const {
  CAIRN_TRY(check(pass));
  if (pass.asset_ != asset)
    return fail(ErrorCode::invalid, "the pass is for {}, not for {}", pass.asset_.brief(), asset.brief());
  CAIRN_ASSIGN(const ledger::Asset found, state_->ledger.asset(asset));
  const auto& blobs = found.manifest.blobs;
  const auto blob =
      std::find_if(blobs.begin(), blobs.end(), [role](const ledger::BlobRef& b) { return b.role == role; });
  const std::string where = fmt::format("{} \"{}\" ({})", found.manifest.kind, found.manifest.name, asset.brief());
  if (blob == blobs.end()) return fail(ErrorCode::not_found, "{} has no \"{}\"", where, role);
  if (blob->sealed) {
    auto plain = state_->blobs.unseal(*blob);
    if (!plain) return fail(std::move(plain).error().within(fmt::format("\"{}\" of {}", role, where)));
    return Reader(std::move(*plain));
  }
  auto stored = state_->blobs.map(*blob);
  if (!stored) return fail(std::move(stored).error().within(fmt::format("\"{}\" of {}", role, where)));
  return Reader(std::move(*stored));
}

// The one place where permits are inherited.
Result<Guard::Inherited> Guard::inherit(std::span<const Pass> passes, const Output& output) const {
  if (!passes.empty() && output.declared)
    return fail_with_hint(ErrorCode::invalid, "an asset made from others inherits its permit and declares none",
                          "to narrow what is inherited, add a restriction");
  Inherited out;
  std::vector<permit::Permit> parts;
  std::vector<ledger::PermitId> seen;
  for (const Pass& pass : passes) {
    CAIRN_TRY(check(pass));
    out.inputs.push_back(pass.asset_);
    CAIRN_ASSIGN(const ledger::Asset input, state_->ledger.asset(pass.asset_));
    if (std::find(seen.begin(), seen.end(), input.manifest.permit) != seen.end()) continue;
    seen.push_back(input.manifest.permit);
    CAIRN_ASSIGN(permit::Permit permit, state_->permit(input.manifest.permit));
    parts.push_back(std::move(permit));
  }
  std::sort(out.inputs.begin(), out.inputs.end());
  out.inputs.erase(std::unique(out.inputs.begin(), out.inputs.end()), out.inputs.end());
  if (passes.empty())
    parts.push_back(output.declared
                        ? output.declared->permit
                        : permit::Permit::undeclared({.where = fmt::format("{} \"{}\"", output.kind, output.name)}));
  for (const auto& [given, kept] :
       {std::pair(&output.declared, &out.declared), std::pair(&output.restriction, &out.restriction)}) {
    if (!*given) continue;
    out.permits.push_back(interned((*given)->permit));
    *kept = ledger::DeclaredPermit{out.permits.back().id, (*given)->where, (*given)->by};
  }
  if (output.restriction) parts.push_back(output.restriction->permit);
  CAIRN_ASSIGN(out.permit, permit::meet(parts));
  out.permits.push_back(interned(out.permit));
  return out;
}

Result<AssetId> Guard::commit(std::span<const Pass> passes, const Output& output) {
  // The epoch that the passes hold in; the ledger compares it again in the transaction.
  CAIRN_ASSIGN(const Epoch epoch, state_->ledger.epoch());
  CAIRN_ASSIGN(Inherited inherited, inherit(passes, output));
  ledger::Manifest manifest{.kind = output.kind, .name = output.name, .step = output.step};
  CAIRN_ASSIGN(manifest.settings, canonical_object("settings", output.settings));
  CAIRN_ASSIGN(manifest.properties, canonical_object("properties", output.properties));
  manifest.inputs = std::move(inherited.inputs);
  manifest.permit = inherited.permits.back().id;
  manifest.declared = std::move(inherited.declared);
  manifest.restriction = std::move(inherited.restriction);
  manifest.actor = state_->actor.name;
  std::vector<const OutputBlob*> blobs;
  for (const OutputBlob& blob : output.blobs) blobs.push_back(&blob);
  std::sort(blobs.begin(), blobs.end(), [](const OutputBlob* a, const OutputBlob* b) { return a->role < b->role; });
  for (const OutputBlob* blob : blobs) manifest.blobs.push_back({.role = blob->role});
  CAIRN_TRY(ledger::check(manifest));  // before anything is written
  const auto sealed_under = is_public(inherited.permit) ? std::nullopt : std::optional(inherited.permit.terms());
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    CAIRN_ASSIGN(manifest.blobs[i], state_->blobs.put({blobs[i]->bytes, blobs[i]->file}, sealed_under));
    manifest.blobs[i].role = blobs[i]->role;
  }
  return state_->ledger.commit(ledger::DoorKey(), std::move(manifest), inherited.permits, epoch);
}

Result<std::vector<ledger::AssetSummary>> Guard::reach(const AssetId& asset) const {
  CAIRN_ASSIGN(const std::vector<AssetId> below, state_->ledger.descendants(asset));
  std::vector<ledger::AssetSummary> out;
  for (const AssetId& id : below) {
    CAIRN_ASSIGN(ledger::AssetSummary summary, state_->ledger.summary(id));
    out.push_back(std::move(summary));
  }
  return out;
}

Result<Withdrawal> Guard::revoke(const AssetId& asset, std::string_view reason) {
  if (reason.empty() || !ledger::is_plain_text(reason, 500))
    return fail(ErrorCode::invalid, "a revocation needs a reason: 1 to 500 bytes of UTF-8 without control characters");
  Withdrawal out;
  CAIRN_ASSIGN(out.revocation, state_->ledger.revoke(ledger::DoorKey(), asset, reason, state_->actor.name));
  CAIRN_ASSIGN(out.reached, reach(asset));
  return out;
}

Result<std::uint64_t> Guard::record(std::string_view event, std::string_view payload) {
  if (!ledger::is_word(event))
    return fail(ErrorCode::invalid, "event: expected a small letter or digit, then up to 63 of a-z 0-9 . _ -");
  if (std::find(kLedgerEvents.begin(), kLedgerEvents.end(), event) != kLedgerEvents.end())
    return fail(ErrorCode::invalid, "event: \"{}\" is the ledger's own", event);
  CAIRN_ASSIGN(const std::string text, canonical_object("payload", std::string(payload)));
  return state_->ledger.append(ledger::DoorKey(), event, text);
}

}  // namespace cairn::guard
