#include "work/record_set.h"

namespace cairn::work {

Json to_json(const RecordSet& set) {
  return {{"asset", set.id.hex()},
          {"name", set.name},
          {"source", set.source},
          {"licences", set.licences},
          {"undeclared", set.permit.is_undeclared()},
          {"records", set.records},
          {"bytes", set.bytes}};
}

Json properties_of(const RecordSet& set) {
  return {{"records", set.records}, {"bytes", set.bytes}, {"licences", set.licences}, {"source", set.source}};
}

Result<RecordSet> record_set_of(const guard::Guard& guard, const AssetId& id) {
  CAIRN_ASSIGN(const ledger::Asset asset, guard.ledger().asset(id));
  if (asset.manifest.kind != "record-set")
    return fail(ErrorCode::invalid, "{} \"{}\" is a {}, expected a record set", id.brief(), asset.manifest.name,
                asset.manifest.kind);
  CAIRN_ASSIGN(const Json properties, parse_json(asset.manifest.properties));
  RecordSet set{.id = id, .name = asset.manifest.name};
  set.source = properties.value("source", set.name);
  set.licences = properties.value("licences", std::string());
  set.records = properties.value("records", std::uint64_t{0});
  set.bytes = properties.value("bytes", std::uint64_t{0});
  CAIRN_ASSIGN(set.permit, guard.permit_of(id));
  return set;
}

Result<std::vector<RecordSet>> ingested_sets(const guard::Guard& guard) {
  CAIRN_ASSIGN(const std::vector<ledger::AssetSummary> assets, guard.ledger().list("record-set"));
  std::vector<RecordSet> out;
  for (const ledger::AssetSummary& summary : assets) {
    if (summary.revoked) continue;
    CAIRN_ASSIGN(const ledger::Asset asset, guard.ledger().asset(summary.id));
    if (asset.manifest.step != "ingest") continue;
    CAIRN_ASSIGN(RecordSet set, record_set_of(guard, summary.id));
    out.push_back(std::move(set));
  }
  return out;
}

}  // namespace cairn::work
