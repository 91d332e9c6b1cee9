#include "permit/permit.h"

#include <algorithm>

#include "base/json.h"
#include "permit/grounds.h"
#include "permit/licence.h"

namespace cairn::permit {

struct Permit::State {
  std::vector<Ground> grounds;
  Region region;
  OutgoingLicences outgoing;
};

namespace {

constexpr std::size_t kMostGrounds = 16384;

ResolvedUse everything() {
  ResolvedUse use;
  for (auto& terms : use.terms) terms = {0};
  return use;
}

Ground ground_of(Declaration declaration, Source source) {
  return Ground{{{std::move(declaration)}}, {std::move(source)}, false};
}

// Visits every clause of every declaration.
template <class Visit>
void each_declaration(const std::vector<Ground>& grounds, const Visit& visit) {
  for (const Ground& ground : grounds)
    for (const Alternative& alternative : ground.alternatives)
      for (const Declaration& declaration : alternative) visit(declaration);
}

}  // namespace

Permit::Permit() {
  static const std::shared_ptr<const State> kState =
      std::make_shared<State>(State{{ground_of(Declaration{std::string(kUndeclared), {}, {}, {}, {}, {}}, {})},
                                    Region::constant(Vocabulary::standard(), Answer::unknown),
                                    OutgoingLicences::any()});
  state_ = kState;
}

Permit Permit::undeclared(Source source) {
  auto made = declared(Declaration{std::string(kUndeclared), {}, {}, {}, {}, {}}, std::move(source));
  return made ? *std::move(made) : Permit();  // a source too long to keep is left out
}

Permit Permit::withdrawn(Source source, std::string ground) {
  Clause all;
  all.effect = Effect::deny;
  all.ground = std::move(ground);
  Declaration declaration{"withdrawal", {all}, {}, {}, {}, {}};
  auto made = declared(declaration, std::move(source));
  if (made) return *std::move(made);
  declaration.clauses[0].ground.clear();  // texts too long to keep are left out; the denial is not
  made = declared(declaration, {});
  CAIRN_CHECK(made.has_value());
  return *std::move(made);
}

Result<Permit> Permit::everyone_under(std::string_view licence) {
  const Licence* known = find_licence(licence);
  if (!known) return fail(ErrorCode::not_found, "no licence \"{}\" in the catalogue", licence.substr(0, 128));
  Clause all;
  all.ground = "the permit that is planned for";
  Declaration declaration{fmt::format("everyone under {}", known->id),
                          {all},
                          {},
                          OutgoingLicences::only({known->id}),
                          "the permit that is planned for",
                          {}};
  return declared(std::move(declaration), Source{"plan", {}, {}});
}

Result<Permit> Permit::declared(Declaration declaration, Source source) {
  return from_grounds({ground_of(std::move(declaration), std::move(source))});
}

Result<Permit> Permit::from_grounds(std::vector<Ground> grounds) {
  if (grounds.empty()) return Permit();
  if (grounds.size() > kMostGrounds)
    return fail(ErrorCode::invalid, "{} grounds, at most {} are taken", grounds.size(), kMostGrounds);
  for (Ground& ground : grounds) CAIRN_TRY(normalise(ground));
  grounds = joined(std::move(grounds));
  CAIRN_ASSIGN(Region region, region_of(grounds, {}));
  OutgoingLicences outgoing;
  for (const Ground& ground : grounds) {
    CAIRN_ASSIGN(const OutgoingLicences own, outgoing_of(ground));
    outgoing = outgoing.intersect(own);
  }
  if (outgoing.empty()) {
    CAIRN_ASSIGN(region, without_share(region));
  }
  return Permit(std::make_shared<State>(State{std::move(grounds), std::move(region), std::move(outgoing)}));
}

Result<Permit> meet(std::span<const Permit> permits) {
  if (permits.empty()) return Permit();
  std::vector<Ground> grounds;
  Region region = permits[0].region();
  OutgoingLicences outgoing;
  for (const Permit& permit : permits) {
    if (permit.state_ == permits[0].state_ && !grounds.empty()) continue;
    grounds.insert(grounds.end(), permit.grounds().begin(), permit.grounds().end());
    outgoing = outgoing.intersect(permit.outgoing());
    if (region == permit.region()) continue;
    CAIRN_ASSIGN(region, Region::min(region, permit.region()));
  }
  grounds = joined(std::move(grounds));
  if (grounds.size() > kMostGrounds)
    return fail(ErrorCode::invalid, "{} grounds, at most {} are taken", grounds.size(), kMostGrounds);
  if (outgoing.empty()) {
    CAIRN_ASSIGN(region, without_share(region));
  }
  return Permit(
      std::make_shared<Permit::State>(Permit::State{std::move(grounds), std::move(region), std::move(outgoing)}));
}

const Region& Permit::region() const {
  return state_->region;
}
const OutgoingLicences& Permit::outgoing() const {
  return state_->outgoing;
}
const std::vector<Ground>& Permit::grounds() const {
  return state_->grounds;
}

std::vector<Duty> Permit::duties() const {
  std::vector<Duty> out;
  each_declaration(grounds(), [&](const Declaration& d) { out.insert(out.end(), d.duties.begin(), d.duties.end()); });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool Permit::is_undeclared() const {
  return std::any_of(grounds().begin(), grounds().end(), [](const Ground& ground) {
    return std::all_of(ground.alternatives.begin(), ground.alternatives.end(), [](const Alternative& alternative) {
      return std::any_of(alternative.begin(), alternative.end(),
                         [](const Declaration& d) { return d.clauses.empty(); });
    });
  });
}

Revocable Permit::revocable() const {
  std::size_t grants = 0, yes = 0, no = 0;
  each_declaration(grounds(), [&](const Declaration& declaration) {
    for (const Clause& clause : declaration.clauses) {
      if (clause.effect == Effect::deny) continue;
      ++grants;
      yes += clause.revocable == Revocable::yes ? 1 : 0;
      no += clause.revocable == Revocable::no ? 1 : 0;
    }
  });
  if (grants > 0 && yes == grants) return Revocable::yes;
  return grants > 0 && no == grants ? Revocable::no : Revocable::unstated;
}

std::optional<Day> Permit::expiry() const {
  std::optional<Day> first;
  each_declaration(grounds(), [&](const Declaration& declaration) {
    for (const Clause& clause : declaration.clauses)
      if (clause.effect == Effect::allow && clause.until && (!first || *clause.until < *first)) first = clause.until;
  });
  return first;
}

Digest Permit::terms() const {
  std::string text = region().canonical() + to_json(outgoing()).dump() + std::string(name_of(revocable()));
  std::vector<std::string> conditional;
  each_declaration(grounds(), [&](const Declaration& declaration) {
    for (const Clause& clause : declaration.clauses)
      if (!clause.conditions.empty()) conditional.push_back(to_text(clause));
  });
  std::sort(conditional.begin(), conditional.end());
  conditional.erase(std::unique(conditional.begin(), conditional.end()), conditional.end());
  for (const std::string& clause : conditional) text += "\n" + clause;
  return sha256(text);
}

Digest Permit::digest() const {
  return sha256(canonical(to_json(*this)));
}

bool Permit::operator==(const Permit& other) const {
  return state_ == other.state_ || canonical(to_json(*this)) == canonical(to_json(other));
}

Answer answer(const Permit& permit, const ResolvedUse& use) {
  const bool wrong = !use.licence.empty() && !permit.outgoing().contains(use.licence) && overlaps_share(use);
  if (wrong) return Answer::denied;
  if (use.conditions.empty()) return permit.region().at(use);
  // Grants under conditions are rare and not in the region: read it anew from the declarations.
  auto region = region_of(permit.grounds(), use.conditions);
  if (region && permit.outgoing().empty()) region = without_share(*region);
  return region ? region->at(use) : Answer::unknown;
}

std::optional<Use> counterexample(const Permit& a, const Permit& b) {
  if (const auto point = a.region().allowed_beyond(b.region())) return use_at(*point);
  if (b.outgoing().contains_all(a.outgoing())) return std::nullopt;
  ResolvedUse share = everything();
  share.terms[0] = Vocabulary::standard().tree(Dimension::action).find("share");
  const auto point = a.region().find(share, Answer::allowed);
  if (!point) return std::nullopt;
  Use use = use_at(*point);
  if (a.outgoing().is_any()) {
    for (const Licence& licence : licence_catalogue()) {
      if (b.outgoing().contains(licence.id)) continue;
      use.licence = licence.id;
      return use;
    }
    return std::nullopt;
  }
  for (const std::string& licence : a.outgoing().licences()) {
    if (b.outgoing().contains(licence)) continue;
    use.licence = licence;
    break;
  }
  return use;
}

bool implies(const Permit& a, const Permit& b) {
  return !counterexample(a, b).has_value();
}

namespace {

// The plainest use that the target allows and the record does not; where none is plain, the point that shows it.
Use plainest(const Permit& record, const Permit& target, const Point& point) {
  for (const char* action : {"train", "adapt", "use", "share", "deploy"}) {
    Use use;
    use.action = action;
    if (decide(target, use).answer == Answer::allowed && decide(record, use).answer != Answer::allowed) return use;
  }
  return use_at(point);
}

}  // namespace

Admission admits(const Permit& record, const Permit& target, std::string_view licence) {
  OutgoingLicences wanted = target.outgoing();
  if (!licence.empty()) {
    const Licence* known = find_licence(licence);
    if (!known) return {false, fmt::format("no licence \"{}\" in the catalogue", licence), {}};
    wanted = OutgoingLicences::only({known->id});
  }
  const auto lacks = target.region().allowed_beyond(record.region());
  const bool outgoing_fits = record.outgoing().contains_all(wanted);
  if (!lacks && outgoing_fits) return {true, {}, {}};
  Use use;
  if (lacks && !record.outgoing().empty()) {
    use = plainest(record, target, *lacks);
  } else {
    use.action = "share";
    if (!wanted.is_any() && wanted.licences().size() == 1) use.licence = wanted.licences()[0];
  }
  Verdict verdict = decide(record, use);
  std::string reason;
  if (!outgoing_fits && !record.is_undeclared()) {
    const Reason why = verdict.reasons.empty() ? Reason{} : verdict.reasons[0];
    reason =
        fmt::format("{} {}{}, and the plan is to share under {}", why.declaration, why.clause,
                    record.outgoing().empty() ? " (and all its licences together leave none)" : "", to_text(wanted));
  } else if (record.is_undeclared()) {
    reason = "nothing is declared about it";
  } else {
    reason = fmt::format("{} is {}", to_text(use), name_of(verdict.answer));
    if (!verdict.reasons.empty())
      reason += fmt::format(": {} {}", verdict.reasons[0].declaration, verdict.reasons[0].clause);
  }
  return {false, std::move(reason), std::move(verdict)};
}

}  // namespace cairn::permit
