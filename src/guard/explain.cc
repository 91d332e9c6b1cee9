#include "guard/explain.h"

#include <algorithm>

#include "base/json.h"
#include "permit/vocabulary.h"

namespace cairn::guard {
namespace {

using ledger::Ledger;
using Sources = std::vector<Ledger::Source>;

// Among how many of the nearest sources a deciding pair is looked for; beyond, a set is thinned out greedily.
constexpr std::size_t kPairsAmong = 64;
constexpr std::size_t kThinnedAmong = 512;

Result<std::vector<std::string>> path_to(const Ledger& ledger, const AssetId& asset, const AssetId& source) {
  CAIRN_ASSIGN(std::vector<AssetId> steps, ledger.path(source, asset));
  std::reverse(steps.begin(), steps.end());
  std::vector<std::string> out;
  for (const AssetId& step : steps) {
    CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(step));
    out.push_back(describe(summary));
  }
  return out;
}

Result<permit::Verdict> revoked(const Ledger& ledger, const permit::Use& use, const AssetId& asset,
                                const std::vector<ledger::Revocation>& revocations) {
  permit::Verdict verdict{.answer = permit::Answer::denied, .use = use};
  permit::Reason nearest;
  for (const ledger::Revocation& revocation : revocations) {
    CAIRN_ASSIGN(std::vector<std::string> path, path_to(ledger, asset, revocation.root));
    if (!nearest.path.empty() && path.size() >= nearest.path.size()) continue;
    nearest = {.says = permit::Answer::denied,
               .declaration = fmt::format("revocation {}", revocation.epoch.value),
               .clause = fmt::format("revoked on {}", permit::to_text(permit::day_of(revocation.at))),
               .ground = revocation.reason,
               .sources = {{.where = path.back(), .by = revocation.actor}},
               .path = std::move(path)};
  }
  verdict.reasons.push_back(std::move(nearest));
  return verdict;
}

// Which of `sources` says this, to tell the path to it; none: no path is shown.
Result<std::vector<std::string>> path_of_reason(GuardState& state, const permit::Reason& reason, const AssetId& asset,
                                                const Sources& sources) {
  if (sources.size() == 1) return path_to(state.ledger, asset, sources[0].asset);
  for (const Ledger::Source& source : sources) {
    CAIRN_ASSIGN(const permit::Permit own, state.permit(source.permit));
    for (const permit::Ground& ground : own.grounds())
      if (ground.sources == reason.sources) return path_to(state.ledger, asset, source.asset);
  }
  return std::vector<std::string>();
}

// The verdict that `sources` give together, with paths; nothing where their answer is another.
Result<std::optional<permit::Verdict>> decided_by(GuardState& state, const permit::Use& use, permit::Answer answer,
                                                  const AssetId& asset, const Sources& sources) {
  std::vector<permit::Permit> permits;
  for (const Ledger::Source& source : sources) {
    CAIRN_ASSIGN(permit::Permit own, state.permit(source.permit));
    permits.push_back(std::move(own));
  }
  CAIRN_ASSIGN(const permit::Permit together, permit::meet(permits));
  permit::Verdict verdict = permit::decide(together, use);
  if (verdict.answer != answer) return std::optional<permit::Verdict>();
  for (permit::Reason& reason : verdict.reasons) {
    CAIRN_ASSIGN(reason.path, path_of_reason(state, reason, asset, sources));
  }
  return std::optional(std::move(verdict));
}

// Smallest first: single sources, then pairs, then a set from which nothing can be left out.
Result<std::optional<permit::Verdict>> smallest(GuardState& state, const permit::Use& use, permit::Answer answer,
                                                const AssetId& asset, Sources sources) {
  for (const Ledger::Source& source : sources) {
    CAIRN_ASSIGN(auto verdict, decided_by(state, use, answer, asset, {source}));
    if (verdict) return verdict;
  }
  for (std::size_t j = 1; j < std::min(sources.size(), kPairsAmong); ++j)
    for (std::size_t i = 0; i < j; ++i) {
      CAIRN_ASSIGN(auto verdict, decided_by(state, use, answer, asset, {sources[i], sources[j]}));
      if (verdict) return verdict;
    }
  if (sources.size() > kThinnedAmong) return std::optional<permit::Verdict>();
  for (std::size_t i = sources.size(); i-- > 0;) {
    Sources fewer = sources;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    if (fewer.empty()) break;
    CAIRN_ASSIGN(const auto verdict, decided_by(state, use, answer, asset, fewer));
    if (verdict) sources = std::move(fewer);
  }
  return decided_by(state, use, answer, asset, sources);
}

}  // namespace

std::string describe(const ledger::AssetSummary& asset) {
  return fmt::format("{} \"{}\" ({})", asset.kind, asset.name, asset.id.brief());
}

Result<permit::Permit> GuardState::permit(const ledger::PermitId& id) {
  {
    const std::lock_guard lock(mutex);
    if (const auto known = permits.find(id); known != permits.end()) return known->second;
  }
  CAIRN_ASSIGN(const std::string text, ledger.permit_text(id));
  CAIRN_ASSIGN(const Json json, parse_json(text));
  auto read = permit::permit_from_json(json);
  if (!read) return fail(std::move(read).error().within(fmt::format("permit {}", id.brief())));
  const std::lock_guard lock(mutex);
  permits.emplace(id, *read);
  return read;
}

Result<permit::Verdict> explain(GuardState& state, permit::Use use, const AssetId& asset) {
  CAIRN_ASSIGN(const std::vector<ledger::Revocation> revocations, state.ledger.revocations(asset));
  if (!revocations.empty()) return revoked(state.ledger, use, asset, revocations);
  CAIRN_ASSIGN(const ledger::Asset found, state.ledger.asset(asset));
  CAIRN_ASSIGN(const permit::Permit effective, state.permit(found.manifest.permit));
  permit::Verdict verdict = permit::decide(effective, use);
  // A term that the vocabulary lacks is nobody's clause: no source decides it.
  if (verdict.allowed() || !permit::Vocabulary::standard().resolve(use)) return verdict;
  CAIRN_ASSIGN(Sources sources, state.ledger.sources(asset));
  CAIRN_ASSIGN(auto explained, smallest(state, use, verdict.answer, asset, std::move(sources)));
  return explained ? std::move(*explained) : std::move(verdict);
}

}  // namespace cairn::guard
