#include "work/commit.h"

namespace cairn::work {
namespace {

guard::Output output_of(const Made& made) {
  guard::Output out{.kind = made.kind,
                    .name = made.name,
                    .step = made.step,
                    .settings = canonical(made.settings),
                    .properties = canonical(made.properties),
                    .blobs = {{.role = made.role, .bytes = made.bytes, .file = {}}},
                    .declared = {},
                    .restriction = {}};
  for (const Made::Blob& blob : made.more) out.blobs.push_back({.role = blob.role, .bytes = blob.bytes, .file = {}});
  return out;
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
  return guard.commit(passes, output_of(made));
}

Result<AssetId> commit_root(guard::Guard& guard, const Made& made, const permit::Permit& permit,
                            const std::string& where, const std::string& by) {
  guard::Output output = output_of(made);
  // What nobody declared stays undeclared in the ledger too, instead of being a declaration of nothing.
  if (!permit.is_undeclared()) output.declared = guard::Declared{.permit = permit, .where = where, .by = by};
  return guard.commit({}, output);
}

}  // namespace cairn::work
