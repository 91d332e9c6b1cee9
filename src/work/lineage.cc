#include "work/lineage.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"

namespace cairn::work {
namespace {

// "record-set" as people say it.
std::string words_of(std::string_view kind) {
  return kind == "record-set" ? "record set" : std::string(kind);
}

Result<AssetId> newest(const ledger::Ledger& ledger, std::string_view kind) {
  CAIRN_ASSIGN(const std::vector<ledger::AssetSummary> assets, ledger.list(kind));
  for (auto it = assets.rbegin(); it != assets.rend(); ++it)
    if (!it->revoked) return it->id;
  return fail_with_hint(
      ErrorCode::not_found,
      fmt::format("the site \"{}\" has no {} yet, or only revoked ones", ledger.site().name, words_of(kind)),
      "docs/guide/pipeline.md goes through the steps in order; cairn show lists what is there");
}

}  // namespace

Result<AssetId> find_of_kind(const ledger::Ledger& ledger, std::string_view what, std::string_view kind) {
  if (what.empty()) return newest(ledger, kind);
  CAIRN_ASSIGN(const AssetId id, ledger.find(what));
  CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(id));
  if (summary.kind == kind) return id;
  return fail_with_hint(
      ErrorCode::invalid,
      fmt::format("{} \"{}\" is a {}, expected a {}", id.brief(), summary.name, words_of(summary.kind), words_of(kind)),
      fmt::format("cairn show --kind {} lists those there are", kind));
}

Result<AssetId> origin_of_kind(const ledger::Ledger& ledger, const AssetId& id, std::string_view kind) {
  std::vector<AssetId> front{id};
  std::set<AssetId> seen{id};
  while (!front.empty()) {
    std::vector<AssetId> next;
    for (const AssetId& one : front) {
      CAIRN_ASSIGN(const std::vector<AssetId> inputs, ledger.inputs(one));
      for (const AssetId& input : inputs)
        if (seen.insert(input).second) next.push_back(input);
    }
    std::optional<ledger::AssetSummary> found;
    for (const AssetId& one : next) {
      CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(one));
      if (summary.kind == kind && (!found || summary.created >= found->created)) found = summary;
    }
    if (found) return found->id;
    front = std::move(next);
  }
  return fail(ErrorCode::not_found, "{} descends from no {}", id.brief(), words_of(kind));
}

Result<AssetId> tokenizer_of_model(const ledger::Ledger& ledger, const AssetId& model) {
  auto origin = origin_of_kind(ledger, model, "tokenizer");
  if (origin) return origin;
  CAIRN_ASSIGN(const ledger::Asset asset, ledger.asset(model));
  CAIRN_ASSIGN(const Json properties, parse_json(asset.manifest.properties));
  const auto named = properties.find("tokenizer");
  if (named == properties.end() || !named->is_string()) return origin;
  return find_of_kind(ledger, named->get<std::string>(), "tokenizer");
}

Result<std::vector<ledger::Asset>> made_from(const ledger::Ledger& ledger, const AssetId& id, std::string_view kind) {
  CAIRN_ASSIGN(const std::vector<AssetId> outputs, ledger.outputs(id));
  std::vector<ledger::Asset> out;
  for (const AssetId& output : outputs) {
    CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(output));
    if (summary.kind != kind || summary.revoked) continue;
    CAIRN_ASSIGN(ledger::Asset asset, ledger.asset(output));
    out.push_back(std::move(asset));
  }
  return out;
}

}  // namespace cairn::work
