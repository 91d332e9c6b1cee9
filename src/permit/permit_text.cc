// A permit read aloud: a sentence a line, declaration by declaration, as it was declared.
#include "permit/permit.h"

namespace cairn::permit {
namespace {

void read(const Declaration& declaration, const std::string& indent, std::string& out) {
  out += indent + declaration.name + "\n";
  if (declaration.clauses.empty()) out += indent + "  says nothing: every use is unknown.\n";
  for (const Effect effect : {Effect::allow, Effect::deny})
    for (const Clause& clause : declaration.clauses) {
      if (clause.effect != effect) continue;
      out += indent + "  " + to_text(clause);
      if (clause.revocable != Revocable::unstated)
        out += clause.revocable == Revocable::yes ? "; may be taken back" : "; cannot be taken back";
      if (!clause.ground.empty()) out += fmt::format(" ({})", clause.ground);
      out += ".\n";
    }
  for (const Duty& duty : declaration.duties) {
    out +=
        fmt::format("{}  asks{}: {}", indent,
                    duty.on.empty() ? "" : fmt::format(" of whoever would {}", fmt::join(duty.on, " or ")), duty.text);
    out += duty.ground.empty() ? "\n" : fmt::format(" ({})\n", duty.ground);
  }
  if (declaration.outgoing.is_any()) return;
  out += fmt::format("{}  lets what is made from it be shared under {} only", indent, to_text(declaration.outgoing));
  out += declaration.outgoing_ground.empty() ? ".\n" : fmt::format(" ({}).\n", declaration.outgoing_ground);
}

}  // namespace

std::string to_text(const Permit& permit) {
  std::string out;
  if (permit.grounds().size() > 1) out += fmt::format("All of these {} hold together:\n", permit.grounds().size());
  for (const Ground& ground : permit.grounds()) {
    const bool choice = ground.alternatives.size() > 1;
    if (choice) out += "One of these, at the choice of whoever uses it:\n";
    for (std::size_t i = 0; i < ground.alternatives.size(); ++i) {
      if (i > 0) out += "or\n";
      for (const Declaration& declaration : ground.alternatives[i]) read(declaration, choice ? "  " : "", out);
    }
    for (const Source& source : ground.sources) out += fmt::format("  declared in {}\n", to_text(source));
    if (ground.more_sources) out += "  declared in more places than are kept here\n";
  }
  out += fmt::format("What is made from it may be shared under {}.\n", to_text(permit.outgoing()));
  out += "Every use that no clause speaks of is unknown, and refused.\n";
  return out;
}

}  // namespace cairn::permit
