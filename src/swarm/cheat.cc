#include "swarm/cheat.h"

#include <fmt/format.h>

#include <array>

#include "train/contribution.h"

namespace cairn::swarm {
namespace {

constexpr std::array kKinds{CheatKind::none, CheatKind::contribution, CheatKind::states,
                            CheatKind::skip, CheatKind::stale,        CheatKind::silence};

// The change's last quarter with its sign turned round: a file that a merge would read without complaint.
Bytes turned_round(ByteView file, const Plan& plan) {
  auto contribution = train::decode_contribution(file, plan.parameters);
  CAIRN_CHECK(contribution);  // it is our own
  Bytes& codes = contribution->codes;
  for (std::size_t i = codes.size() - codes.size() / 4; i < codes.size(); ++i) {
    const unsigned code = codes[i];
    codes[i] = static_cast<std::uint8_t>(
        plan.unit.contribution_bits == 8 ? -code : ((-(code & 15U)) & 15U) | (((-(code >> 4U)) & 15U) << 4U));
  }
  return train::encode(*contribution);
}

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

Computed Cheater::alter(Computed honest, const Plan& plan) {
  if (!first_) first_ = honest;
  if (kind_ == CheatKind::stale) return *first_;
  if (kind_ == CheatKind::states) honest.replay.states[honest.replay.states.size() / 2].bytes[0] ^= 1;
  if (kind_ == CheatKind::contribution) {
    honest.contribution = turned_round(honest.contribution, plan);
    honest.replay.contribution = sha256(honest.contribution);
  }
  return honest;
}

}  // namespace cairn::swarm
