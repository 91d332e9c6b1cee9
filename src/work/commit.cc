#include "work/commit.h"

#include <algorithm>

namespace cairn::work {
namespace {

guard::Output output_of(const Made& made) {
  guard::Output out{.kind = made.kind,
                    .name = made.name,
                    .step = made.step,
                    .settings = canonical(made.settings),
                    .properties = canonical(made.properties),
                    .blobs = {{.role = made.role, .bytes = {made.bytes}, .file = {}}},
                    .declared = {},
                    .restriction = {}};
  ByteParts& first = out.blobs.front().bytes;
  first.insert(first.end(), made.viewed.begin(), made.viewed.end());
  for (const Made::Blob& blob : made.more) out.blobs.push_back({.role = blob.role, .bytes = {blob.bytes}, .file = {}});
  return out;
}

bool same_bytes(const std::vector<ledger::BlobRef>& stored, const std::vector<guard::OutputBlob>& blobs) {
  return stored.size() == blobs.size() && std::all_of(stored.begin(), stored.end(), [&](const ledger::BlobRef& ref) {
           return std::any_of(blobs.begin(), blobs.end(), [&](const guard::OutputBlob& blob) {
             return blob.role == ref.role && ledger::holds(ref, blob.bytes);
           });
         });
}

bool same_declaration(const std::optional<ledger::DeclaredPermit>& stored,
                      const std::optional<guard::Declared>& declared) {
  if (!stored || !declared) return !stored && !declared;
  return stored->permit.digest == declared->permit.digest() && stored->where == declared->where &&
         stored->by == declared->by;
}

bool same(const ledger::Manifest& stored, const guard::Output& output, const std::vector<AssetId>& inputs) {
  return stored.step == output.step && stored.settings == output.settings && stored.inputs == inputs &&
         same_declaration(stored.declared, output.declared) && same_bytes(stored.blobs, output.blobs);
}

// The assets of the output's kind and name that stand, and whether one of them is the output.
struct Found {
  std::optional<AssetId> same, other;
};

Result<Found> find(const ledger::Ledger& ledger, const std::vector<AssetId>& candidates, const guard::Output& output,
                   const std::vector<AssetId>& inputs) {
  Found out;
  for (const AssetId& id : candidates) {
    CAIRN_ASSIGN(const ledger::AssetSummary summary, ledger.summary(id));
    if (summary.kind != output.kind || summary.name != output.name || summary.revoked) continue;
    CAIRN_ASSIGN(const ledger::Asset asset, ledger.asset(id));
    (same(asset.manifest, output, inputs) ? out.same : out.other) = id;
  }
  return out;
}

// A root of the site whose permission was taken back and that holds one of the output's blobs, if there is one.
Result<std::optional<ledger::AssetSummary>> withdrawn(const ledger::Ledger& ledger,
                                                      const std::vector<ledger::AssetSummary>& stored,
                                                      const guard::Output& output) {
  for (const ledger::AssetSummary& summary : stored) {
    if (!summary.revoked) continue;
    CAIRN_ASSIGN(const ledger::Asset asset, ledger.asset(summary.id));
    if (!asset.manifest.inputs.empty()) continue;  // its own bytes were never added; they fell with what they came from
    for (const ledger::BlobRef& ref : asset.manifest.blobs)
      for (const guard::OutputBlob& blob : output.blobs)
        if (ledger::holds(ref, blob.bytes)) return summary;
  }
  return std::nullopt;
}

}  // namespace

permit::Use own_use(std::string action) {
  permit::Use use;
  use.action = std::move(action);
  use.audience = "owner";
  use.place = "own-machine";
  return use;
}

bool is_refusal(const Error& error) {
  return error.code == ErrorCode::denied || error.code == ErrorCode::unknown;
}

Result<AssetId> commit(guard::Guard& guard, std::span<const guard::Pass> passes, const Made& made) {
  const guard::Output output = output_of(made);
  std::vector<AssetId> inputs;
  for (const guard::Pass& pass : passes) inputs.push_back(pass.asset());
  std::sort(inputs.begin(), inputs.end());
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  if (!inputs.empty()) {
    CAIRN_ASSIGN(const std::vector<AssetId> candidates, guard.ledger().outputs(inputs.front()));
    CAIRN_ASSIGN(const Found found, find(guard.ledger(), candidates, output, inputs));
    if (found.same) return *found.same;
  }
  return guard.commit(passes, output);
}

Result<AssetId> commit_root(guard::Guard& guard, const Made& made, const permit::Permit& permit,
                            const std::string& where, const std::string& by) {
  guard::Output output = output_of(made);
  // What nobody declared stays undeclared in the ledger too, instead of being a declaration of nothing.
  if (!permit.is_undeclared()) output.declared = guard::Declared{.permit = permit, .where = where, .by = by};
  CAIRN_ASSIGN(const std::vector<ledger::AssetSummary> stored, guard.ledger().list(made.kind));
  std::vector<AssetId> roots;
  for (const ledger::AssetSummary& asset : stored)
    if (asset.name == made.name) roots.push_back(asset.id);
  CAIRN_ASSIGN(const Found found, find(guard.ledger(), roots, output, {}));
  if (found.same) return *found.same;
  if (found.other)
    return fail_with_hint(
        ErrorCode::invalid,
        fmt::format("the site has another {} \"{}\" ({}): its bytes, its permit or who declared it differ", made.kind,
                    made.name, found.other->brief()),
        fmt::format("give this one another --name, or end the other's use with: cairn revoke {} --reason TEXT",
                    found.other->brief()));
  CAIRN_ASSIGN(const auto taken_back, withdrawn(guard.ledger(), stored, output));
  if (taken_back)
    return fail_with_hint(ErrorCode::denied,
                          fmt::format("these bytes were withdrawn: they are those of {} \"{}\" ({}), which was revoked",
                                      made.kind, taken_back->name, taken_back->id.brief()),
                          "a withdrawal stands, whatever name or permit they come under; cairn why " +
                              taken_back->id.brief() + " tells who took them back");
  return guard.commit({}, output);
}

}  // namespace cairn::work
