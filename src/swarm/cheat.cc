#include "swarm/cheat.h"

#include <fmt/format.h>

#include <array>

namespace cairn::swarm {
namespace {

constexpr std::array kKinds{CheatKind::none, CheatKind::contribution, CheatKind::states,
                            CheatKind::skip, CheatKind::stale,        CheatKind::silence};

}  // namespace

std::string_view name_of(CheatKind kind) {
  switch (kind) {
    case CheatKind::none:
      return "none";
    case CheatKind::contribution:
      return "contribution";
    case CheatKind::states:
      return "states";
    case CheatKind::skip:
      return "skip";
    case CheatKind::stale:
      return "stale";
    case CheatKind::silence:
      return "silence";
  }
  return "";
}

Result<CheatKind> cheat_kind_from(std::string_view text) {
  for (const CheatKind kind : kKinds)
    if (name_of(kind) == text) return kind;
  return fail_with_hint(ErrorCode::invalid, fmt::format("\"{}\" is no way to cheat", text),
                        "one of none, contribution, states, skip, stale, silence");
}

Computed Cheater::invent(const Plan& plan, UnitId unit) const {
  Computed out;
  out.contribution.assign(plan.contribution_bytes(), 0x5A);
  out.replay.contribution = sha256(out.contribution);
  for (std::uint32_t i = 0; i < plan.stretches(); ++i)
    out.replay.states.push_back(sha256(fmt::format("invented {} {}", unit.text(), i)));
  out.replay.mean_loss = 1;
  return out;
}

Computed Cheater::alter(Computed honest) {
  if (!first_) first_ = honest;
  if (kind_ == CheatKind::stale) return *first_;
  if (kind_ == CheatKind::states) honest.replay.states[honest.replay.states.size() / 2].bytes[0] ^= 1;
  if (kind_ == CheatKind::contribution) {
    // The last quarter of the codes turned round: a change that a merge would read without complaint.
    for (std::size_t i = honest.contribution.size() - honest.contribution.size() / 4; i < honest.contribution.size();
         ++i)
      honest.contribution[i] = static_cast<std::uint8_t>(-honest.contribution[i]);
    honest.replay.contribution = sha256(honest.contribution);
  }
  return honest;
}

}  // namespace cairn::swarm
