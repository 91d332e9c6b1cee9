// What an asset may be used for: a function from every possible use to denied, unknown or allowed, with the
// declarations it came from. Everything that no clause speaks of is unknown, and unknown is never allowed.
// Not enforcement: the guard enforces. Not the law: a permit says what was declared, by whom and where.
// Immutable values that share their insides; safe to use from any thread. Terms are those of Vocabulary::standard().
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "permit/clause.h"
#include "permit/outgoing.h"
#include "permit/region.h"
#include "permit/verdict.h"

namespace cairn::permit {

// Declarations that hold together ("A and B").
using Alternative = std::vector<Declaration>;

// One thing that was declared about an asset, with where it was declared. More than one alternative is a licensee's
// choice ("A or B"): allowed where any alternative allows, denied where all deny.
struct Ground {
  std::vector<Alternative> alternatives;
  std::vector<Source> sources;  // sorted; at most kMaxSources, the smallest ones
  bool more_sources = false;
};
inline constexpr std::size_t kMaxSources = 8;

class Permit {
 public:
  Permit();  // undeclared, with no source
  // Nothing was declared: every use is unknown, and so is every meet with it.
  static Permit undeclared(Source source);
  // Denies everything: what a revoked asset is met with.
  static Permit withdrawn(Source source, std::string ground);
  // "Everyone may use, adapt and share it under this licence": the target of a plan. not_found: no such licence.
  static Result<Permit> everyone_under(std::string_view licence);
  // invalid: a term that the vocabulary lacks, dates out of order, or too many or too long parts.
  static Result<Permit> declared(Declaration declaration, Source source);
  static Result<Permit> from_grounds(std::vector<Ground> grounds);

  const Region& region() const;                // under no declared condition
  const OutgoingLicences& outgoing() const;    // what a derived asset may be shared under
  const std::vector<Ground>& grounds() const;  // sorted; all of them hold together
  std::vector<Duty> duties() const;            // all of them, sorted
  bool is_undeclared() const;                  // some ground of it declares nothing
  Revocable revocable() const;                 // yes if every grant is, no if none is, else unstated
  std::optional<Day> expiry() const;           // the last day of the grant that lapses first

  // Of what may be done: region, outgoing licences, conditional grants, revocability. Equal regions have equal bytes.
  // Records whose permits share it form one permit class; duties and sources of a class unite in the meet.
  Digest terms() const;
  // Of the whole permit, with its declarations and sources; the digest of canonical(to_json()).
  Digest digest() const;
  bool operator==(const Permit& other) const;

 private:
  struct State;
  explicit Permit(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
  friend Result<Permit> meet(std::span<const Permit> permits);
};

// Allowed regions intersect, denied regions and duties unite, outgoing licences intersect, the earliest expiry wins.
// Commutative, associative, idempotent, monotone. Of none: undeclared. invalid: the meet is too intricate to hold.
Result<Permit> meet(std::span<const Permit> permits);

// The answer alone, in well under a microsecond once the use is resolved (permit/vocabulary.h); no allocation.
// A use that covers `share` is denied where no outgoing licence is left or the use's own licence is not among them.
Answer answer(const Permit& permit, const ResolvedUse& use);

// The answer with the fewest reasons, duties and the day until which it holds. A term that the vocabulary does not
// know makes the use unknown, with a suggestion.
Verdict decide(const Permit& permit, const Use& use);

// A concrete use that `a` allows and `b` does not; none if a implies b.
std::optional<Use> counterexample(const Permit& a, const Permit& b);

// Whether everything that `a` allows, `b` allows too, sharing under each of a's outgoing licences included.
// A plan lets a record in when implies(target, record).
bool implies(const Permit& a, const Permit& b);

struct Admission {
  bool admitted = false;
  std::string reason;              // one sentence, for a person, where not admitted
  std::optional<Verdict> verdict;  // on the use that the target needs and the record's permit does not allow
};
// Planning backwards: may a record with this permit go into an asset that is to have the target permit, shared under
// `licence` (empty: under any that the target names)?
Admission admits(const Permit& record, const Permit& target, std::string_view licence = {});

// "Allowed: ...", "Denied: ...", duties, outgoing licences, sources; one sentence a line.
std::string to_text(const Permit& permit);
nlohmann::json to_json(const Permit& permit);
// malformed or invalid, with the place. Computes everything anew from the declarations: nothing derived is trusted.
Result<Permit> permit_from_json(const nlohmann::json& json);
// A permit as people write it (docs/formats/permit.md). `where` names the file in messages and in the source.
// malformed or invalid with line, column, the line itself, a caret and, for a misspelt term, a suggestion.
Result<Permit> permit_from_toml(std::string_view toml, std::string_view where);

}  // namespace cairn::permit
