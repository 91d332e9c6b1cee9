#include "train/replay.h"

#include <bit>

namespace cairn::train {
namespace {

Digest hash_leaf(const Digest& state) {
  Sha256 hash;
  const std::uint8_t prefix = 0;
  hash.update(ByteView(&prefix, 1));
  hash.update(ByteView(state.bytes));
  return hash.finish();
}

Digest hash_node(const Digest& left, const Digest& right) {
  Sha256 hash;
  const std::uint8_t prefix = 1;
  hash.update(ByteView(&prefix, 1));
  hash.update(ByteView(left.bytes));
  hash.update(ByteView(right.bytes));
  return hash.finish();
}

}  // namespace

Digest state_root(std::span<const Digest> states) {
  if (states.empty()) return sha256(ByteView());
  if (states.size() == 1) return hash_leaf(states[0]);
  const std::size_t left = std::bit_floor(states.size() - 1);  // the largest power of two below the count
  return hash_node(state_root(states.first(left)), state_root(states.subspan(left)));
}

Comparison compare(std::span<const Digest> claimed_states, const Digest& claimed_contribution,
                   const UnitResult& recomputed) {
  const auto differs = [](std::size_t stretch, std::string why) {
    return Comparison{false, static_cast<std::uint32_t>(stretch), std::move(why)};
  };
  if (claimed_states.size() != recomputed.states.size()) {
    return differs(
        0, fmt::format("{} states are claimed, the unit has {}", claimed_states.size(), recomputed.states.size()));
  }
  for (std::size_t i = 0; i < claimed_states.size(); ++i) {
    if (claimed_states[i] == recomputed.states[i]) continue;
    return differs(i, fmt::format("the state after stretch {} of {} is claimed to be {}, the replay gives {}", i,
                                  claimed_states.size(), claimed_states[i].brief(), recomputed.states[i].brief()));
  }
  const Digest contribution = sha256(ByteView(recomputed.contribution));
  if (claimed_contribution != contribution) {
    return differs(claimed_states.size(),
                   fmt::format("all {} states agree, but the contribution sent is {}, the replay gives {}",
                               claimed_states.size(), claimed_contribution.brief(), contribution.brief()));
  }
  return {true, std::nullopt, fmt::format("all {} states and the contribution agree", claimed_states.size())};
}

}  // namespace cairn::train
