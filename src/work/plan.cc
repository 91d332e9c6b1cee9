#include "work/plan.h"

#include "permit/vocabulary.h"

namespace cairn::work {
namespace {

// Whether somebody may train on it at all, for whatever use: the least that a module needs.
bool trainable(const permit::Permit& permit) {
  permit::Use training;
  training.action = "train";
  const auto resolved = permit::Vocabulary::standard().resolve(training);
  return resolved && permit.region().find(*resolved, permit::Answer::allowed).has_value();
}

template <class Figure>
std::uint64_t total(const Plan& plan, Fate fate, Figure figure) {
  std::uint64_t sum = 0;
  for (const Placement& p : plan.placements)
    if (p.fate == fate) sum += figure(*p.set);
  return sum;
}

}  // namespace

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::base:
      return "base";
    case Fate::module:
      return "module";
    case Fate::out:
      return "out";
  }
  return "out";
}

std::uint64_t Plan::records(Fate fate) const {
  return total(*this, fate, [](const RecordSet& s) { return s.records; });
}
std::uint64_t Plan::bytes(Fate fate) const {
  return total(*this, fate, [](const RecordSet& s) { return s.bytes; });
}

Result<Plan> plan_base(std::span<const RecordSet> sets, const std::string& licence) {
  Plan plan;
  plan.licence = licence;
  CAIRN_ASSIGN(plan.target, permit::Permit::everyone_under(licence));
  for (const RecordSet& set : sets) {
    Placement placement{.set = &set, .fate = Fate::base, .reason = {}};
    const permit::Admission admission = permit::admits(set.permit, plan.target, licence);
    if (!admission.admitted) {
      placement.fate = trainable(set.permit) ? Fate::module : Fate::out;
      placement.reason = admission.reason;
    }
    plan.placements.push_back(std::move(placement));
  }
  return plan;
}

Result<Mixture> mix_all(std::span<const RecordSet> sets) {
  Mixture mixture;
  std::vector<const RecordSet*> seen;
  for (const RecordSet& set : sets) {
    if (!trainable(set.permit)) continue;
    ++mixture.sets;
    mixture.outgoing = mixture.outgoing.intersect(set.permit.outgoing());
    for (const RecordSet* other : seen) {
      if (!mixture.first.empty() || !set.permit.outgoing().intersect(other->permit.outgoing()).empty()) continue;
      if (set.permit.outgoing().empty() || other->permit.outgoing().empty()) continue;  // each alone leaves nothing
      mixture.first = other->licences;
      mixture.second = set.licences;
    }
    seen.push_back(&set);
  }
  return mixture;
}

Json to_json(const Plan& plan) {
  Json placements = Json::array();
  for (const Placement& p : plan.placements)
    placements.push_back({{"set", p.set->name},
                          {"fate", name_of(p.fate)},
                          {"reason", p.reason},
                          {"records", p.set->records},
                          {"bytes", p.set->bytes}});
  Json out{{"licence", plan.licence}, {"placements", placements}};
  for (const Fate fate : {Fate::base, Fate::module, Fate::out})
    out["totals"][std::string(name_of(fate))] = {{"records", plan.records(fate)}, {"bytes", plan.bytes(fate)}};
  return out;
}

}  // namespace cairn::work
